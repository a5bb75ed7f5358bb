// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISwapAdapter} from "../interfaces/ISwapAdapter.sol";

interface ISwapRouter02 {
    struct ExactInputParams {
        bytes path;
        address recipient;
        uint256 amountIn;
        uint256 amountOutMinimum;
    }

    function exactInput(ExactInputParams calldata params) external payable returns (uint256 amountOut);
}

/// @title Uniswap V3 routers of the SwapRouter02 kind, DragonSwap V2 and Oku among them
/// @notice The path is packed: token, then (uint24 fee, token) for every hop. This router takes no deadline:
///         the escrow has checked it. The original V3 router does, and needs another adapter.
contract UniswapV3Adapter is ISwapAdapter {
    uint256 private constant TOKEN = 20;
    uint256 private constant HOP = 23;

    /// @inheritdoc ISwapAdapter
    function encode(Swap calldata swap) external pure returns (bytes memory callData, address[] memory hops) {
        hops = _hops(swap.path);
        callData = abi.encodeCall(
            ISwapRouter02.exactInput,
            (ISwapRouter02.ExactInputParams(swap.path, swap.recipient, swap.amountIn, swap.minOut))
        );
    }

    function _hops(bytes calldata path) private pure returns (address[] memory hops) {
        if (path.length < TOKEN + HOP || (path.length - TOKEN) % HOP != 0) return hops;
        hops = new address[](path.length / HOP + 1);
        for (uint256 i = 0; i < hops.length; ++i) {
            hops[i] = address(bytes20(path[i * HOP:i * HOP + TOKEN]));
        }
    }
}
