// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice For tests: the tokens of the wild. Anybody mints.
abstract contract OddToken is ERC20 {
    constructor() ERC20("Odd token", "ODD") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice Keeps 1 % of what is transferred.
contract FeeOnTransferToken is OddToken {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(to, address(0), amount / 100);
    }
}

/// @notice Takes 1 % from the sender on top of what is transferred.
contract FeeOnTopToken is OddToken {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(from, address(0), amount / 100);
    }
}

/// @notice Answers nothing, and wants an allowance to be zero before it is changed, as USDT did.
contract SilentToken is OddToken {
    error AllowanceNotZero();

    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        _answerNothing();
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        super.transferFrom(from, to, amount);
        _answerNothing();
    }

    function approve(address spender, uint256 amount) public override returns (bool) {
        if (amount > 0 && allowance(msg.sender, spender) > 0) revert AllowanceNotZero();
        super.approve(spender, amount);
        _answerNothing();
    }

    function _answerNothing() private pure {
        assembly ("memory-safe") {
            return(0, 0)
        }
    }
}

/// @notice Moves nothing and answers false.
contract FalseToken is OddToken {
    function transfer(address, uint256) public pure override returns (bool) {
        return false;
    }

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @notice Has no readable balances.
contract BrokenToken is OddToken {
    error Broken();

    function balanceOf(address) public pure override returns (uint256) {
        revert Broken();
    }
}

/// @notice Calls somebody at every transfer.
contract CallingToken is OddToken {
    address private _listener;

    function setListener(address listener) external {
        _listener = listener;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (_listener != address(0)) IListener(_listener).poke();
    }
}

interface IListener {
    function poke() external;
}
