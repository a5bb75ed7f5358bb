// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IWSEI} from "../interfaces/IWSEI.sol";

/// @title Wrapped SEI for local and test networks, behaving like the real one
contract WSEI is ERC20("Wrapped SEI", "WSEI"), IWSEI {
    event Deposit(address indexed to, uint256 amount);
    event Withdrawal(address indexed from, uint256 amount);

    error PaymentFailed(address to, uint256 amount);

    receive() external payable {
        deposit();
    }

    /// @inheritdoc IWSEI
    /// @dev No gas beyond the stipend of 2,300, as the real contract's `transfer` gives.
    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        (bool sent, ) = msg.sender.call{value: amount, gas: 0}("");
        if (!sent) revert PaymentFailed(msg.sender, amount);
        emit Withdrawal(msg.sender, amount);
    }

    /// @inheritdoc IWSEI
    function deposit() public payable {
        _mint(msg.sender, msg.value);
        emit Deposit(msg.sender, msg.value);
    }
}
