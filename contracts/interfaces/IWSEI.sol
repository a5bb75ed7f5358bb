// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Wrapped native SEI, one for one
interface IWSEI is IERC20 {
    function deposit() external payable;

    /// @notice Pays the caller with a stipend of 2,300 gas.
    function withdraw(uint256 amount) external;
}
