// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One swap, as the actor asks for it.
/// @param id intent id; `sequence < id <= sequence + 1024`. A used or skipped id never runs again
/// @param deadline Unix seconds, inclusive
/// @param adapter the venue
/// @param tokenIn what is spent; for WSEI a shortfall is wrapped from native SEI
/// @param tokenOut what is received
/// @param amountIn most that may leave the escrow, base units
/// @param minOut least that must come in, base units, not zero
/// @param data the route as the adapter encodes it; every hop must be a listed token
struct Trade {
    uint256 id;
    uint256 deadline;
    address adapter;
    address tokenIn;
    address tokenOut;
    uint256 amountIn;
    uint256 minOut;
    bytes data;
}

/// @notice What an owner lets the actor do. Signed off-chain as EIP-712, kept on-chain as a hash, and passed to
///         every swap. Money is in micro-USD by the price feeds (1e6 is one dollar).
///
///         A mandate does not bound market losses on what was bought within it, and a daily figure X is a bucket
///         of X/2 that refills X/2 in 24 hours: at most X in any 24 hours, at most X/2 at once when it is full.
/// @param nonce above every earlier mandate's and revocation's
/// @param issuedAt Unix seconds; entries listed later than this are not covered
/// @param validUntil Unix seconds, inclusive
/// @param signBy Unix seconds, inclusive; after it the signature can no longer be brought in
/// @param slippageBps how much less than it gives a swap may receive, by the feeds, in basis points
/// @param tradeCap most one swap may spend
/// @param dailyVolume most that all swaps of any 24 hours may spend
/// @param dailyLoss most that all swaps of any 24 hours may lose
/// @param tokens what may be spent and received
/// @param adapters where
struct Mandate {
    uint32 nonce;
    uint40 issuedAt;
    uint40 validUntil;
    uint40 signBy;
    uint16 slippageBps;
    uint48 tradeCap;
    uint48 dailyVolume;
    uint48 dailyLoss;
    address[] tokens;
    address[] adapters;
}
