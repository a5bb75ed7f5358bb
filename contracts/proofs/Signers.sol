// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice For proofs: an owner that is a contract and answers for its signer's signatures, as a Safe does.
contract Wallet {
    bytes4 private constant YES = 0x1626ba7e;

    address public signer;

    constructor(address signer_) {
        signer = signer_;
    }

    receive() external payable {}

    function setSigner(address signer_) external {
        signer = signer_;
    }

    /// @notice Makes a call in its own name; fails as that does.
    function run(address target, bytes calldata data) external {
        (bool ok, bytes memory answer) = target.call(data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return ECDSA.recover(digest, signature) == signer ? YES : bytes4(0xffffffff);
    }
}

/// @notice For proofs: code an account of one's own may carry (EIP-7702) that knows nothing of ERC-1271.
contract PlainAccount {
    receive() external payable {}
}

/// @notice For proofs: a receiver that wants as much gas as it was told, and nothing below.
contract Glutton {
    uint256 private immutable _wanted;

    error Hungry(uint256 left);

    constructor(uint256 wanted) {
        _wanted = wanted;
    }

    receive() external payable {
        if (gasleft() < _wanted) revert Hungry(gasleft());
    }
}
