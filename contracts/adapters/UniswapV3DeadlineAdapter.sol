// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISwapAdapter} from "../interfaces/ISwapAdapter.sol";
import {V3Path} from "../libraries/V3Path.sol";

interface ISwapRouter {
    struct ExactInputParams {
        bytes path;
        address recipient;
        uint256 deadline;
        uint256 amountIn;
        uint256 amountOutMinimum;
    }

    function exactInput(ExactInputParams calldata params) external payable returns (uint256 amountOut);
}

/// @title Uniswap V3 routers of the original kind, which take a deadline; Sailor among them
/// @notice The path is packed as `V3Path` says.
contract UniswapV3DeadlineAdapter is ISwapAdapter {
    /// @inheritdoc ISwapAdapter
    function encode(Swap calldata swap) external pure returns (bytes memory callData, address[] memory hops) {
        hops = V3Path.hops(swap.path);
        callData = abi.encodeCall(
            ISwapRouter.exactInput,
            (ISwapRouter.ExactInputParams(swap.path, swap.recipient, swap.deadline, swap.amountIn, swap.minOut))
        );
    }
}
