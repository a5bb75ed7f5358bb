// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The packed path of Uniswap V3 routers: token, then (uint24 fee, token) for every hop
library V3Path {
    uint256 private constant TOKEN = 20;
    uint256 private constant HOP = 23;

    /// @notice Every token of the path in order; empty where it is malformed.
    function hops(bytes calldata path) internal pure returns (address[] memory tokens) {
        if (path.length < TOKEN + HOP || (path.length - TOKEN) % HOP != 0) return tokens;
        tokens = new address[](path.length / HOP + 1);
        for (uint256 i = 0; i < tokens.length; ++i) {
            tokens[i] = address(bytes20(path[i * HOP:i * HOP + TOKEN]));
        }
    }
}
