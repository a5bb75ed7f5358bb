// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Buckets} from "../libraries/Buckets.sol";
import {Test} from "./Forge.sol";

/// @notice At most the limit in any 24 hours, whatever is drawn and whenever.
contract BucketsFuzzTest is Test {
    uint256 private constant DRAWS = 48;

    uint256[DRAWS] private _amounts;
    uint256[DRAWS] private _times;
    uint256 private _seed;

    function testFuzz_at_most_the_limit_is_drawn_in_any_day(uint48 daily, uint256 seed) external {
        _seed = seed;
        _draw(daily, daily, daily / 2);
        vm.assertLe(_mostInADay(), daily);
    }

    function testFuzz_at_most_the_highest_limit_is_drawn_while_limits_change(
        uint48 low,
        uint48 high,
        uint256 seed
    ) external {
        if (low > high) (low, high) = (high, low);
        _seed = seed;
        _draw(low, high, high / 2);
        vm.assertLe(_mostInADay(), high);
    }

    /// @dev The bound is reached: half at once, and half as it comes back.
    function testFuzz_the_whole_limit_can_be_drawn_in_a_day(uint48 half, uint16 steps) external pure {
        uint256 daily = uint256(half) * 2;
        uint256 parts = bound(steps, 1, 24);
        uint256 inBucket = half;
        uint256 drawn = half;
        for (uint256 i = 0; i < parts; ++i) {
            inBucket = Buckets.leaked(inBucket, daily, 1 days / 24);
            uint256 room = Buckets.room(inBucket, daily);
            drawn += room;
            inBucket += room;
        }
        // What has leaked is rounded down, once a draw.
        vm.assertGe(drawn + parts, half + (uint256(half) * parts) / 24);
        vm.assertLe(drawn, half + (uint256(half) * parts) / 24);
    }

    function testFuzz_a_bucket_is_empty_after_a_day_however_full_it_was(uint48 drawn, uint48 daily) external pure {
        vm.assertEq(Buckets.leaked(drawn, daily, 1 days), 0);
        vm.assertEq(Buckets.leaked(drawn, daily, 0), drawn);
    }

    function testFuzz_waiting_longer_never_leaves_more(
        uint48 drawn,
        uint48 daily,
        uint32 early,
        uint32 late
    ) external pure {
        if (early > late) (early, late) = (late, early);
        vm.assertGe(Buckets.leaked(drawn, daily, early), Buckets.leaked(drawn, daily, late));
    }

    function testFuzz_writing_in_between_gives_the_actor_nothing(
        uint48 drawn,
        uint48 daily,
        uint24 first,
        uint24 second
    ) external pure {
        uint256 once = Buckets.leaked(drawn, daily, uint256(first) + second);
        uint256 twice = Buckets.leaked(Buckets.leaked(drawn, daily, first), daily, second);
        vm.assertGe(twice, once);
    }

    function testFuzz_room_is_what_is_missing_to_half_the_limit(uint48 drawn, uint48 daily) external pure {
        uint256 room = Buckets.room(drawn, daily);
        if (drawn >= daily / 2) vm.assertEq(room, 0);
        else vm.assertEq(room + drawn, daily / 2);
    }

    /// @dev Starts with `inBucket`, full: what was drawn before does not count here.
    function _draw(uint256 low, uint256 high, uint256 inBucket) private {
        uint256 time = 1_800_000_000;
        for (uint256 i = 0; i < DRAWS; ++i) {
            uint256 elapsed = _random() % 3 == 0 ? 0 : _random() % (_random() % 4 == 0 ? 1 days : 2 hours);
            time += elapsed;
            uint256 daily = _random() % 2 == 0 ? low : high;
            inBucket = Buckets.leaked(inBucket, daily, elapsed);
            uint256 room = Buckets.room(inBucket, daily);
            uint256 amount = _random() % 3 == 0 ? _random() % (room + 1) : room;
            inBucket += amount;
            (_amounts[i], _times[i]) = (amount, time);
        }
    }

    /// @dev Both ends of the 24 hours count.
    function _mostInADay() private view returns (uint256 most) {
        for (uint256 i = 0; i < DRAWS; ++i) {
            uint256 sum = 0;
            for (uint256 j = i; j < DRAWS && _times[j] - _times[i] <= 1 days; ++j) sum += _amounts[j];
            if (sum > most) most = sum;
        }
    }

    function _random() private returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return _seed >> 64;
    }
}
