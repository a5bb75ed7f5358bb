// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPriceFeed} from "../interfaces/IPriceFeed.sol";

/// @notice For tests: what RedStone's push feeds cost to read. A feed is a proxy; its code asks an adapter that many
///         feeds share for value and time of a feed id; that adapter is a proxy too. No signatures are checked here.
contract RedStoneShapedFeed is IPriceFeed {
    RedStoneShapedAdapter public immutable adapter;
    bytes32 public immutable feedId;

    error NotPublished(bytes32 feedId);

    constructor(RedStoneShapedAdapter adapter_, bytes32 feedId_) {
        adapter = adapter_;
        feedId = feedId_;
    }

    /// @inheritdoc IPriceFeed
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        (, uint256 publishedAt, uint256 value) = adapter.lastUpdate(feedId);
        if (value == 0 || value > uint256(type(int256).max)) revert NotPublished(feedId);
        return (1, int256(value), publishedAt, publishedAt, 1);
    }

    /// @inheritdoc IPriceFeed
    function decimals() external pure returns (uint8) {
        return 8;
    }
}

/// @notice Keeps the last value of every feed id in one word, with the times of measuring and of publishing.
contract RedStoneShapedAdapter {
    struct Update {
        uint48 measuredAt;
        uint48 publishedAt;
        uint160 value;
    }

    mapping(bytes32 feedId => Update) private _updates;

    function publish(bytes32 feedId, uint160 value) external {
        _updates[feedId] = Update(uint48(block.timestamp), uint48(block.timestamp), value);
    }

    function lastUpdate(bytes32 feedId) external view returns (uint256, uint256, uint256) {
        Update memory update = _updates[feedId];
        return (update.measuredAt, update.publishedAt, update.value);
    }
}

/// @notice A transparent proxy: its admin is turned away, everybody else reaches the implementation. Both are read
///         from ERC-1967's slots at every call.
contract TransparentShapedProxy {
    bytes32 private constant ADMIN = bytes32(uint256(keccak256("eip1967.proxy.admin")) - 1);
    bytes32 private constant IMPLEMENTATION = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);

    error AdminMayNot();

    constructor(address implementation, address admin) {
        (bytes32 implementationSlot, bytes32 adminSlot) = (IMPLEMENTATION, ADMIN);
        assembly ("memory-safe") {
            sstore(implementationSlot, implementation)
            sstore(adminSlot, admin)
        }
    }

    fallback() external {
        (bytes32 implementationSlot, bytes32 adminSlot) = (IMPLEMENTATION, ADMIN);
        address implementation;
        address admin;
        assembly ("memory-safe") {
            implementation := sload(implementationSlot)
            admin := sload(adminSlot)
        }
        if (msg.sender == admin) revert AdminMayNot();
        (bool ok, bytes memory answer) = implementation.delegatecall(msg.data);
        assembly ("memory-safe") {
            switch ok
            case 0 {
                revert(add(answer, 0x20), mload(answer))
            }
            default {
                return(add(answer, 0x20), mload(answer))
            }
        }
    }
}
