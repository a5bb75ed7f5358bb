// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Makes test tokens; set on local and test networks only
interface ITokenFactory {
    /// @return token a new ERC-20 of 18 decimals
    function create(string calldata name, string calldata symbol) external returns (address token);
}
