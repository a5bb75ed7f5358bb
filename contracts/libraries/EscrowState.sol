// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What an escrow keeps, in one word: loss 48 | volume 48 | since 32 | gas 24 | gas at 32 | sequence 32 |
///         flags 8 | nonce 32, from the lowest bit up. One word is read and written at once; fields of a struct in
///         storage are written in several goes.
type StateWord is uint256;

/// @notice The word's parts: what was in the buckets, loss and volume (micro-USD) at `since`, gas (micro-SEI) at
///         `gasAt`. Gas is drawn without the mandate at hand, so it cannot tell what has leaked from the other two.
struct State {
    uint48 loss;
    uint48 volume;
    uint32 since;
    uint24 gas;
    uint32 gasAt;
    uint32 sequence;
    uint8 flags;
    uint32 nonce;
}

using EscrowState for State global;
using EscrowState for StateWord global;

/// @title Packs and reads an escrow's word
library EscrowState {
    uint256 private constant VOLUME = 48;
    uint256 private constant SINCE = 96;
    uint256 private constant GAS = 128;
    uint256 private constant GAS_AT = 152;
    uint256 private constant SEQUENCE = 184;
    uint256 private constant FLAGS = 216;
    uint256 private constant NONCE = 224;

    function pack(State memory state) internal pure returns (StateWord) {
        return
            StateWord.wrap(
                uint256(state.loss) |
                    (uint256(state.volume) << VOLUME) |
                    (uint256(state.since) << SINCE) |
                    (uint256(state.gas) << GAS) |
                    (uint256(state.gasAt) << GAS_AT) |
                    (uint256(state.sequence) << SEQUENCE) |
                    (uint256(state.flags) << FLAGS) |
                    (uint256(state.nonce) << NONCE)
            );
    }

    function unpack(StateWord packed) internal pure returns (State memory state) {
        uint256 word = StateWord.unwrap(packed);
        state.loss = uint48(word);
        state.volume = uint48(word >> VOLUME);
        state.since = uint32(word >> SINCE);
        state.gas = uint24(word >> GAS);
        state.gasAt = uint32(word >> GAS_AT);
        state.sequence = uint32(word >> SEQUENCE);
        state.flags = uint8(word >> FLAGS);
        state.nonce = uint32(word >> NONCE);
    }
}
