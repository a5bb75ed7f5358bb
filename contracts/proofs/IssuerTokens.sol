// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OddToken} from "../test/OddTokens.sol";

/// @notice For proofs: an issuer can stop all transfers.
contract PausingToken is OddToken {
    bool public paused;

    error Stopped();

    function setPaused(bool paused_) external {
        paused = paused_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (paused) revert Stopped();
        super._update(from, to, amount);
    }
}

/// @notice For proofs: an issuer can stop one holder.
contract BlocklistingToken is OddToken {
    mapping(address => bool) public isBlocked;

    error Blocked(address holder);

    function setBlocked(address holder, bool blocked) external {
        isBlocked[holder] = blocked;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (isBlocked[from]) revert Blocked(from);
        if (isBlocked[to]) revert Blocked(to);
        super._update(from, to, amount);
    }
}

/// @notice For proofs: balances move without a transfer.
contract RebasingToken is OddToken {
    uint256 private _percent = 100;

    function rebase(uint256 percent) external {
        _percent = percent;
    }

    function balanceOf(address holder) public view override returns (uint256) {
        return (super.balanceOf(holder) * _percent) / 100;
    }
}
