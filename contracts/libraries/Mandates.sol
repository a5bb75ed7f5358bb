// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Mandate} from "../interfaces/ICaretTypes.sol";

/// @notice A mandate in force, in one word: the upper 216 bits of its EIP-712 struct hash | valid until 40.
///         Finding a second mandate for a given word takes 2^216 tries.
type MandateWord is uint256;

using Mandates for MandateWord global;

/// @title Mandates and revocations as EIP-712 messages of one escrow on one chain
library Mandates {
    bytes32 internal constant MANDATE_TYPE =
        keccak256(
            "Mandate(uint32 nonce,uint40 issuedAt,uint40 validUntil,uint40 signBy,uint16 slippageBps,"
            "uint48 tradeCap,uint48 dailyVolume,uint48 dailyLoss,address[] tokens,address[] adapters)"
        );
    bytes32 internal constant REVOKE_TYPE = keccak256("Revoke(uint32 nonce)");
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Sei Trader Escrow");
    bytes32 private constant VERSION = keccak256("1");

    uint256 private constant UNTIL_BITS = 40;

    /// @dev The eight figures lie in the calldata as EIP-712 hashes them, one word each.
    function hashOf(Mandate calldata mandate) internal pure returns (bytes32 structHash) {
        bytes32 kind = MANDATE_TYPE;
        bytes32 tokens = _hashOfWords(mandate.tokens);
        bytes32 adapters = _hashOfWords(mandate.adapters);
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, kind)
            calldatacopy(add(free, 0x20), mandate, 0x100)
            mstore(add(free, 0x120), tokens)
            mstore(add(free, 0x140), adapters)
            structHash := keccak256(free, 0x160)
        }
    }

    function hashOfRevoke(uint32 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode(REVOKE_TYPE, nonce));
    }

    function word(bytes32 structHash, uint40 validUntil_) internal pure returns (MandateWord) {
        return MandateWord.wrap(((uint256(structHash) >> UNTIL_BITS) << UNTIL_BITS) | validUntil_);
    }

    function validUntil(MandateWord word_) internal pure returns (uint40) {
        return uint40(MandateWord.unwrap(word_));
    }

    function isSet(MandateWord word_) internal pure returns (bool) {
        return MandateWord.unwrap(word_) != 0;
    }

    /// @notice Whether `signature` over a message for the calling escrow is its owner's.
    /// @dev A plain signature first: an owner that has code (EIP-7702) signs plainly all the same. Then ERC-1271.
    function isSignedBy(address owner, bytes32 structHash, bytes calldata signature) internal view returns (bool) {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPE, NAME, VERSION, block.chainid, address(this)));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && signer == owner) return true;
        return SignatureChecker.isValidERC1271SignatureNow(owner, digest, signature);
    }

    /// @notice Whether `item` is in `list`.
    function includes(address[] calldata list, address item) internal pure returns (bool found) {
        assembly ("memory-safe") {
            let end := add(list.offset, shl(5, list.length))
            for {
                let word_ := list.offset
            } lt(word_, end) {
                word_ := add(word_, 32)
            } {
                if eq(calldataload(word_), item) {
                    found := 1
                    break
                }
            }
        }
    }

    /// @dev EIP-712 hashes an array's elements as words, which is how they lie in the calldata.
    function _hashOfWords(address[] calldata list) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, list.offset, shl(5, list.length))
            hash := keccak256(free, shl(5, list.length))
        }
    }
}
