// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A listed token in one word: feed 160 | decimals 8 | max age 16 | epsilon 16 | low band 8 | high band 8 |
///         listed at 32 | flags 8 (1: on, 2: listed once), from the lowest bit up. Zero: not listed.
type TokenListing is uint256;

/// @notice A listed venue in one word: router 160 | unused 56 | listed at 32 | flags 8. Zero: not listed.
type VenueListing is uint256;

using Listing for TokenListing global;
using Listing for VenueListing global;

/// @title Packs and reads the orchestrator's entries
library Listing {
    uint256 private constant ON = 1;
    uint256 private constant KNOWN = 2;
    uint256 private constant DECIMALS = 160;
    uint256 private constant MAX_AGE = 168;
    uint256 private constant EPSILON = 184;
    uint256 private constant LOW = 200;
    uint256 private constant HIGH = 208;
    uint256 private constant LISTED_AT = 216;
    uint256 private constant FLAGS = 248;
    uint256 private constant BAND_SHIFT = 12;

    /// @param feed_ zero: the token may be a hop, but not be spent or received by an actor
    /// @param maxAge_ seconds the feed's answer may be old, inclusive
    /// @param epsilonBps_ how far the true price may be from the feed's, basis points of the feed's
    /// @param low_ code of the lowest answer believed; see `bandOf`
    /// @param high_ code of the highest answer believed
    /// @param listedAt_ Unix seconds from which the entry counts
    function packToken(
        address feed_,
        uint8 decimals_,
        uint16 maxAge_,
        uint16 epsilonBps_,
        uint8 low_,
        uint8 high_,
        uint32 listedAt_
    ) internal pure returns (TokenListing) {
        return
            TokenListing.wrap(
                uint256(uint160(feed_)) |
                    (uint256(decimals_) << DECIMALS) |
                    (uint256(maxAge_) << MAX_AGE) |
                    (uint256(epsilonBps_) << EPSILON) |
                    (uint256(low_) << LOW) |
                    (uint256(high_) << HIGH) |
                    (uint256(listedAt_) << LISTED_AT) |
                    ((ON | KNOWN) << FLAGS)
            );
    }

    function packVenue(address router_, uint32 listedAt_) internal pure returns (VenueListing) {
        return
            VenueListing.wrap(uint256(uint160(router_)) | (uint256(listedAt_) << LISTED_AT) | ((ON | KNOWN) << FLAGS));
    }

    function switchedOff(TokenListing word) internal pure returns (TokenListing) {
        return TokenListing.wrap(TokenListing.unwrap(word) & ~(ON << FLAGS));
    }

    function switchedOff(VenueListing word) internal pure returns (VenueListing) {
        return VenueListing.wrap(VenueListing.unwrap(word) & ~(ON << FLAGS));
    }

    /// @notice Whether the entry is on and was listed by then.
    function countsBy(TokenListing word, uint256 by) internal pure returns (bool) {
        return _countsBy(TokenListing.unwrap(word), by);
    }

    /// @notice Whether the entry is on and was listed by then.
    function countsBy(VenueListing word, uint256 by) internal pure returns (bool) {
        return _countsBy(VenueListing.unwrap(word), by);
    }

    function exists(TokenListing word) internal pure returns (bool) {
        return TokenListing.unwrap(word) != 0;
    }

    function exists(VenueListing word) internal pure returns (bool) {
        return VenueListing.unwrap(word) != 0;
    }

    function isOn(TokenListing word) internal pure returns (bool) {
        return (TokenListing.unwrap(word) >> FLAGS) & ON != 0;
    }

    function isOn(VenueListing word) internal pure returns (bool) {
        return (VenueListing.unwrap(word) >> FLAGS) & ON != 0;
    }

    function listedAt(TokenListing word) internal pure returns (uint32) {
        return uint32(TokenListing.unwrap(word) >> LISTED_AT);
    }

    function listedAt(VenueListing word) internal pure returns (uint32) {
        return uint32(VenueListing.unwrap(word) >> LISTED_AT);
    }

    function router(VenueListing word) internal pure returns (address) {
        return address(uint160(VenueListing.unwrap(word)));
    }

    function feed(TokenListing word) internal pure returns (address) {
        return address(uint160(TokenListing.unwrap(word)));
    }

    function decimals(TokenListing word) internal pure returns (uint8) {
        return uint8(TokenListing.unwrap(word) >> DECIMALS);
    }

    function maxAge(TokenListing word) internal pure returns (uint16) {
        return uint16(TokenListing.unwrap(word) >> MAX_AGE);
    }

    function epsilonBps(TokenListing word) internal pure returns (uint16) {
        return uint16(TokenListing.unwrap(word) >> EPSILON);
    }

    function low(TokenListing word) internal pure returns (uint8) {
        return uint8(TokenListing.unwrap(word) >> LOW);
    }

    function high(TokenListing word) internal pure returns (uint8) {
        return uint8(TokenListing.unwrap(word) >> HIGH);
    }

    /// @notice The answer, of 8 decimals, that a band's code stands for: (8 + its low three bits) * 2^(its high
    ///         five bits + 12). Eight steps an octave, from $0.0003 to $1.3 million.
    function bandOf(uint8 code) internal pure returns (uint256) {
        return (8 + (uint256(code) & 7)) << ((code >> 3) + BAND_SHIFT);
    }

    function _countsBy(uint256 word, uint256 by) private pure returns (bool) {
        return (word >> FLAGS) & ON != 0 && uint32(word >> LISTED_AT) <= by;
    }
}
