// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPriceFeed} from "../interfaces/IPriceFeed.sol";

/// @title Push feeds of test tokens, all in one place: their keeper says what a token costs
/// @notice For local and test networks, where no oracle publishes prices of test tokens.
contract TestFeeds {
    address public immutable keeper;

    /// @notice Deployed this; may make feeds as the keeper may, but push nothing.
    address public immutable deployer;

    /// @notice The feed of a description; zero where there is none.
    mapping(string description => TestFeed) public feeds;

    error NotKeeper(address caller);
    error LengthMismatch();
    error FeedExists(string description, TestFeed feed);

    constructor(address keeper_) {
        keeper = keeper_;
        deployer = msg.sender;
    }

    /// @notice Publishes answers (USD times 1e8) with the block's time.
    function push(TestFeed[] calldata feeds_, int256[] calldata answers) external {
        if (msg.sender != keeper) revert NotKeeper(msg.sender);
        if (feeds_.length != answers.length) revert LengthMismatch();
        for (uint256 i = 0; i < feeds_.length; ++i) feeds_[i].set(answers[i], block.timestamp);
    }

    /// @notice Makes a feed that this contract pushes to.
    function create(string calldata description, int256 answer) external returns (TestFeed feed) {
        if (msg.sender != keeper && msg.sender != deployer) revert NotKeeper(msg.sender);
        if (address(feeds[description]) != address(0)) revert FeedExists(description, feeds[description]);
        feed = new TestFeed(description);
        feed.set(answer, block.timestamp);
        feeds[description] = feed;
    }

    /// @notice What feeds say, and how many seconds ago they were told.
    function latest(
        TestFeed[] calldata feeds_
    ) external view returns (int256[] memory answers, uint256[] memory ages) {
        answers = new int256[](feeds_.length);
        ages = new uint256[](feeds_.length);
        for (uint256 i = 0; i < feeds_.length; ++i) {
            answers[i] = feeds_[i].answer();
            ages[i] = block.timestamp - feeds_[i].updatedAt();
        }
    }
}

/// @title One test token's price, AggregatorV3 style
contract TestFeed is IPriceFeed {
    address public immutable publisher;

    string public description;

    /// @notice USD for one whole token, times 1e8.
    int192 public answer;
    uint64 public updatedAt;

    error NotPublisher(address caller);

    constructor(string memory description_) {
        publisher = msg.sender;
        description = description_;
    }

    function set(int256 answer_, uint256 updatedAt_) external {
        if (msg.sender != publisher) revert NotPublisher(msg.sender);
        answer = int192(answer_);
        updatedAt = uint64(updatedAt_);
    }

    /// @inheritdoc IPriceFeed
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, answer, updatedAt, updatedAt, 1);
    }

    /// @inheritdoc IPriceFeed
    function decimals() external pure returns (uint8) {
        return 8;
    }
}
