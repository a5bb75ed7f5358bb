// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICaretErrors} from "./interfaces/ICaretErrors.sol";

/// @title Many balances in one read
contract BalanceLens is ICaretErrors {
    /// @notice Base units of every token for every holder: holder by holder, tokens in the order given. The
    ///         zero address stands for native SEI.
    /// @dev Never answers zero for a token it cannot read: reverts with BalanceUnreadable instead.
    function balances(
        address[] calldata holders,
        address[] calldata tokens
    ) external view returns (uint256[] memory result) {
        result = new uint256[](holders.length * tokens.length);
        for (uint256 i = 0; i < result.length; ++i) {
            result[i] = _balance(holders[i / tokens.length], tokens[i % tokens.length]);
        }
    }

    function _balance(address holder, address token) private view returns (uint256) {
        if (token == address(0)) return holder.balance;
        (bool answered, bytes memory answer) = token.staticcall(abi.encodeCall(IERC20.balanceOf, (holder)));
        if (!answered || answer.length != 32) revert BalanceUnreadable(token, holder);
        return abi.decode(answer, (uint256));
    }
}
