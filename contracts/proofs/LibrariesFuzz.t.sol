// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Mandate} from "../interfaces/ICaretTypes.sol";
import {State, StateWord} from "../libraries/EscrowState.sol";
import {Listing, TokenListing, VenueListing} from "../libraries/Listing.sol";
import {Mandates, MandateWord} from "../libraries/Mandates.sol";
import {V3Path} from "../libraries/V3Path.sol";
import {Test} from "./Forge.sol";

/// @notice Packing and unpacking, each against another way to write it.
contract LibrariesFuzzTest is Test {
    // ------------------------------------------------------------ paths

    function testFuzz_a_path_has_the_tokens_it_was_packed_with(address[] memory tokens, uint24 fee) external view {
        vm.assume(tokens.length > 1);
        bytes memory path = abi.encodePacked(tokens[0]);
        for (uint256 i = 1; i < tokens.length; ++i) {
            unchecked {
                path = abi.encodePacked(path, fee + uint24(i), tokens[i]);
            }
        }
        address[] memory hops = this.hopsOf(path);
        vm.assertEq(abi.encode(hops), abi.encode(tokens));
    }

    function testFuzz_a_path_of_any_other_length_has_none(bytes memory path) external view {
        bool whole = path.length >= 43 && (path.length - 20) % 23 == 0;
        vm.assertEq(this.hopsOf(path).length, whole ? (path.length - 20) / 23 + 1 : 0);
    }

    function test_every_short_length_is_malformed_but_the_whole_ones() external view {
        for (uint256 length = 0; length < 120; ++length) {
            bool whole = length == 43 || length == 66 || length == 89 || length == 112;
            vm.assertEq(this.hopsOf(new bytes(length)).length, whole ? (length - 20) / 23 + 1 : 0);
        }
    }

    // ------------------------------------------------------------ listings

    function testFuzz_a_token_unpacks_to_what_it_was_packed_with(
        address feed,
        uint8 decimals,
        uint16 maxAge,
        uint16 epsilon,
        uint8 low,
        uint8 high,
        uint32 at_
    ) external pure {
        TokenListing word = Listing.packToken(feed, decimals, maxAge, epsilon, low, high, at_);
        _is(word, feed, decimals, maxAge, epsilon, low, high, at_);
        vm.assertTrue(word.isOn() && word.exists());
        word = word.switchedOff();
        _is(word, feed, decimals, maxAge, epsilon, low, high, at_);
        vm.assertTrue(!word.isOn());
        vm.assertTrue(!word.countsBy(type(uint256).max));
        word = word.switchedOff();
        vm.assertTrue(!word.isOn());
    }

    function testFuzz_a_token_lies_in_its_word_as_it_says(
        address feed,
        uint8 decimals,
        uint16 maxAge,
        uint16 epsilon,
        uint8 low,
        uint8 high,
        uint32 at_
    ) external pure {
        bytes memory expected = abi.encodePacked(uint8(3), at_, high, low, epsilon, maxAge, decimals, feed);
        TokenListing word = Listing.packToken(feed, decimals, maxAge, epsilon, low, high, at_);
        vm.assertEq(abi.encode(word), expected);
    }

    function testFuzz_a_venue_unpacks_to_what_it_was_packed_with(address router, uint32 at_, uint32 by) external pure {
        VenueListing word = Listing.packVenue(router, at_);
        vm.assertEq(abi.encode(word), abi.encodePacked(uint8(3), at_, bytes7(0), router));
        vm.assertEq(word.router(), router);
        vm.assertEq(word.listedAt(), at_);
        vm.assertEq(word.countsBy(by), at_ <= by);
        vm.assertTrue(word.isOn() && word.exists());
        word = word.switchedOff();
        vm.assertEq(word.router(), router);
        vm.assertEq(word.listedAt(), at_);
        vm.assertTrue(!word.isOn() && !word.countsBy(by));
    }

    function testFuzz_an_entry_counts_from_its_time_on(uint32 at_, uint32 by) external pure {
        vm.assertEq(Listing.packToken(address(1), 6, 1, 1, 0, 1, at_).countsBy(by), at_ <= by);
    }

    function test_bands_rise_by_an_eighth_of_an_octave() external pure {
        vm.assertEq(Listing.bandOf(0), 8 << 12);
        vm.assertEq(Listing.bandOf(255), 15 << 43);
        for (uint256 code = 1; code < 256; ++code) {
            uint256 octave = Listing.bandOf(uint8(code & 0xf8));
            vm.assertEq(Listing.bandOf(uint8(code)), octave + (octave / 8) * (code & 7));
            vm.assertGt(Listing.bandOf(uint8(code)), Listing.bandOf(uint8(code - 1)));
            if (code >= 8) vm.assertEq(Listing.bandOf(uint8(code)), 2 * Listing.bandOf(uint8(code - 8)));
        }
    }

    // ------------------------------------------------------------ an escrow's word

    function testFuzz_an_escrows_word_unpacks_to_what_it_was_packed_with(State memory state) external pure {
        StateWord word = state.pack();
        vm.assertEq(
            abi.encode(word),
            abi.encodePacked(
                state.nonce,
                state.flags,
                state.sequence,
                state.gasAt,
                state.gas,
                state.since,
                state.volume,
                state.loss
            )
        );
        vm.assertEq(abi.encode(word.unpack()), abi.encode(state));
    }

    // ------------------------------------------------------------ mandates

    /// @dev EIP-712 by hand, word by word.
    function testFuzz_a_mandate_is_hashed_as_eip_712_says(Mandate memory made) external view {
        bytes memory encoded = bytes.concat(
            keccak256(
                bytes(
                    string.concat(
                        "Mandate(uint32 nonce,uint40 issuedAt,uint40 validUntil,uint40 signBy,",
                        "uint16 slippageBps,uint48 tradeCap,uint48 dailyVolume,uint48 dailyLoss,",
                        "address[] tokens,address[] adapters)"
                    )
                )
            ),
            _word(made.nonce),
            _word(made.issuedAt),
            _word(made.validUntil),
            _word(made.signBy)
        );
        encoded = bytes.concat(
            encoded,
            _word(made.slippageBps),
            _word(made.tradeCap),
            _word(made.dailyVolume),
            _word(made.dailyLoss),
            _listed(made.tokens),
            _listed(made.adapters)
        );
        vm.assertEq(this.hashOf(made), keccak256(encoded));
    }

    function testFuzz_a_revocation_is_hashed_as_eip_712_says(uint32 nonce) external pure {
        bytes32 kind = keccak256("Revoke(uint32 nonce)");
        vm.assertEq(Mandates.hashOfRevoke(nonce), keccak256(bytes.concat(kind, _word(nonce))));
    }

    function testFuzz_a_mandates_word_holds_216_bits_of_its_hash_and_its_end(bytes32 hash, uint40 until) external pure {
        MandateWord word = Mandates.word(hash, until);
        vm.assertEq(abi.encode(word), bytes.concat(bytes27(hash), bytes5(until)));
        vm.assertEq(word.validUntil(), until);
        vm.assertEq(word.isSet(), abi.decode(abi.encode(word), (uint256)) != 0);
    }

    function testFuzz_a_list_includes_what_is_in_it(address[] memory list, address item, uint256 at_) external view {
        bool inside = false;
        for (uint256 i = 0; i < list.length; ++i) inside = inside || list[i] == item;
        vm.assertEq(this.includes(list, item), inside);
        if (list.length > 0) vm.assertTrue(this.includes(list, list[at_ % list.length]));
    }

    // ------------------------------------------------------------ inside

    function hopsOf(bytes calldata path) external pure returns (address[] memory) {
        return V3Path.hops(path);
    }

    function hashOf(Mandate calldata made) external pure returns (bytes32) {
        return Mandates.hashOf(made);
    }

    function includes(address[] calldata list, address item) external pure returns (bool) {
        return Mandates.includes(list, item);
    }

    function _is(
        TokenListing word,
        address feed,
        uint8 decimals,
        uint16 maxAge,
        uint16 epsilon,
        uint8 low,
        uint8 high,
        uint32 at_
    ) private pure {
        vm.assertEq(word.feed(), feed);
        vm.assertEq(word.decimals(), decimals);
        vm.assertEq(word.maxAge(), maxAge);
        vm.assertEq(word.epsilonBps(), epsilon);
        vm.assertEq(word.low(), low);
        vm.assertEq(word.high(), high);
        vm.assertEq(word.listedAt(), at_);
    }

    function _word(uint256 value) private pure returns (bytes32) {
        return bytes32(value);
    }

    /// @dev An array is the hash of its members, each a word.
    function _listed(address[] memory list) private pure returns (bytes32) {
        bytes memory words;
        for (uint256 i = 0; i < list.length; ++i) words = bytes.concat(words, bytes32(uint256(uint160(list[i]))));
        return keccak256(words);
    }

    /// @dev Without feed, decimals and terms, and off: all that is left is that it was listed.
    function test_what_was_listed_once_stays_known() external pure {
        vm.assertTrue(Listing.packToken(address(0), 0, 0, 0, 0, 0, 0).switchedOff().exists());
        vm.assertTrue(Listing.packVenue(address(0), 0).switchedOff().exists());
    }
}
