// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A push feed, AggregatorV3 style, in USD
interface IPriceFeed {
    function decimals() external view returns (uint8);

    /// @return roundId not used
    /// @return answer USD for one whole token, times 10^decimals
    /// @return startedAt not used
    /// @return updatedAt Unix seconds
    /// @return answeredInRound not used
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
