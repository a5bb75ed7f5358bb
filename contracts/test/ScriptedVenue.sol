// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ISwapAdapter} from "../interfaces/ISwapAdapter.sol";

/// @notice For tests: passes on the hops and the call it is given, whatever they are.
contract ScriptedAdapter is ISwapAdapter {
    /// @inheritdoc ISwapAdapter
    function encode(Swap calldata swap) external pure returns (bytes memory callData, address[] memory hops) {
        return abi.decode(swap.path, (bytes, address[]));
    }
}

/// @notice For tests: a router that does as it is told, honest or not.
contract ScriptedRouter {
    /// @notice Takes from the caller, gives to anybody.
    function trade(IERC20 tokenIn, uint256 take, IERC20 tokenOut, uint256 give, address to) external {
        if (take > 0) _succeed(address(tokenIn), abi.encodeCall(IERC20.transferFrom, (msg.sender, address(this), take)));
        if (give > 0) _succeed(address(tokenOut), abi.encodeCall(IERC20.transfer, (to, give)));
    }

    /// @notice Takes from somebody else who may have left an allowance behind.
    function rob(IERC20 token, address victim, uint256 amount) external {
        token.transferFrom(victim, address(this), amount);
    }

    function _succeed(address token, bytes memory data) private {
        (bool ok, bytes memory answer) = token.call(data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}
