// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITokenFactory} from "../interfaces/ITokenFactory.sol";
import {TestToken} from "./TestToken.sol";

/// @title Makes test tokens of 18 decimals whose minter is whoever deployed this factory
contract TestTokenFactory is ITokenFactory {
    address public immutable minter;

    constructor() {
        minter = msg.sender;
    }

    /// @inheritdoc ITokenFactory
    function create(string calldata name, string calldata symbol) external returns (address token) {
        return address(new TestToken(name, symbol, 18, minter));
    }
}
