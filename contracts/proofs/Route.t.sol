// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {ISwapAdapter} from "../interfaces/ISwapAdapter.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {TestToken} from "../testnet/TestToken.sol";
import {Scripted} from "./Scripted.sol";

/// @notice Whom a swap has called, with what, over which tokens.
contract RouteTest is Scripted {
    // ------------------------------------------------------------ the path

    function test_a_path_begins_with_what_is_spent() external {
        _refusesPath(_list(address(weth), address(wsei)));
    }

    function test_a_path_ends_with_what_is_bought() external {
        _refusesPath(_list(address(usdc), address(weth)));
    }

    function test_a_path_of_one_token_is_none() external {
        address[] memory one = new address[](1);
        one[0] = address(usdc);
        _refusesPath(one);
    }

    function test_no_path_is_none() external {
        _refusesPath(new address[](0));
    }

    function test_a_token_is_not_swapped_for_itself() external {
        Trade memory trade = _script(address(usdc), 20 * USDC, address(usdc), 20 * USDC);
        _refuses(trade, abi.encodeWithSelector(Refusal.BadPath.selector, address(usdc), address(usdc)));
    }

    function test_a_round_trip_is_no_path() external {
        Trade memory trade = _script(address(usdc), 20 * USDC, address(usdc), 20 * USDC);
        trade.data = abi.encode(
            _orders(address(usdc), 20 * USDC, address(usdc), 20 * USDC, address(escrow)),
            _list(address(usdc), address(wsei), address(usdc))
        );
        _refuses(trade, abi.encodeWithSelector(Refusal.BadPath.selector, address(usdc), address(usdc)));
    }

    function test_every_hop_is_a_listed_token() external {
        TestToken hostile = new TestToken("Hostile", "BAD", 18, address(this));
        Trade memory trade = _over(address(hostile));
        _refuses(trade, abi.encodeWithSelector(Refusal.TokenNotListed.selector, address(hostile)));
    }

    function test_a_hop_need_not_be_in_the_mandate() external {
        Mandate memory made = _next();
        made.tokens = _hops(address(usdc), address(wsei));
        _adopt(made);
        _swap(_over(address(weth)));
    }

    function test_a_hop_that_is_switched_off_is_refused() external {
        vm.prank(admin);
        orchestrator.switchOff(address(weth));
        _refuses(_over(address(weth)), abi.encodeWithSelector(Refusal.TokenNotListed.selector, address(weth)));
    }

    // ------------------------------------------------------------ tokens without a feed

    function test_a_hop_needs_no_feed() external {
        _swap(_over(address(_feedless())));
    }

    function test_a_token_without_a_feed_is_not_spent() external {
        TestToken bare = _feedless();
        bare.mint(address(escrow), 1 ether);
        Trade memory trade = _script(address(bare), 1 ether, address(usdc), 20 * USDC);
        _refuses(trade, abi.encodeWithSelector(Refusal.NoFeed.selector, address(bare)));
    }

    function test_a_token_without_a_feed_is_not_bought() external {
        TestToken bare = _feedless();
        bare.mint(address(router), 1 ether);
        Trade memory trade = _script(address(usdc), 20 * USDC, address(bare), 1 ether);
        _refuses(trade, abi.encodeWithSelector(Refusal.NoFeed.selector, address(bare)));
    }

    // ------------------------------------------------------------ the venue

    function test_the_router_is_the_listed_one_whatever_the_adapter_says() external {
        vm.expectCall(address(router), _orders(address(usdc), 20 * USDC, address(wsei), 80 ether, address(escrow)), 1);
        _swap(_fair());
    }

    function test_a_venue_that_is_not_listed_is_refused_even_in_a_mandate() external {
        Mandate memory made = _next();
        made.adapters[0] = stranger;
        _adopt(made);
        Trade memory trade = _fair();
        trade.adapter = stranger;
        _refuses(trade, abi.encodeWithSelector(Refusal.VenueNotListed.selector, stranger));
    }

    function test_an_adapters_failure_is_no_route() external {
        Trade memory trade = _fair();
        bytes memory reason = abi.encodeWithSelector(Refusal.BadPath.selector, address(usdc), address(wsei));
        vm.mockCallRevert(address(adapter), abi.encodePacked(ISwapAdapter.encode.selector), trade.data);
        _refuses(trade, reason);
        vm.mockCallRevert(address(adapter), abi.encodePacked(ISwapAdapter.encode.selector), "");
        _refuses(trade, reason);
    }

    function test_an_adapter_without_code_gives_no_route() external {
        vm.etch(address(adapter), "");
        _refuses(_fair(), abi.encodeWithSelector(Refusal.BadPath.selector, address(usdc), address(wsei)));
    }

    function test_what_a_router_reverts_with_is_passed_on() external {
        uint256 held = wsei.balanceOf(address(router));
        Trade memory trade = _script(address(usdc), 20 * USDC, address(wsei), held + 1);
        _refuses(
            trade,
            abi.encodeWithSignature(
                "ERC20InsufficientBalance(address,uint256,uint256)",
                address(router),
                held,
                held + 1
            )
        );
    }

    function test_a_router_without_code_is_refused() external {
        vm.etch(address(router), "");
        _refuses(_fair(), abi.encodeWithSignature("AddressEmptyCode(address)", address(router)));
    }

    function test_only_an_escrow_asks_about_its_own_actor() external {
        address[] memory hops = new address[](2);
        (hops[0], hops[1]) = (address(usdc), address(wsei));
        uint256 by = _now();
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotActor.selector, actor));
        orchestrator.route(actor, address(adapter), hops, by);
        vm.prank(address(escrow));
        (address called, , ) = orchestrator.route(actor, address(adapter), hops, by);
        vm.assertEq(called, address(router));
    }

    // ------------------------------------------------------------ the real exchanges

    function test_uniswap_v2_swaps() external {
        _swapsWell(_v2Trade(address(usdc), address(wsei), 20 * USDC), 20 * USDC, 79 ether);
    }

    function test_uniswap_v2_swaps_over_two_pools() external {
        Trade memory trade = _v2Trade(address(weth), address(wsei), 0.005 ether);
        trade.data = abi.encode(_list(address(weth), address(usdc), address(wsei)));
        _swapsWell(trade, 0.005 ether, 79 ether);
    }

    function test_uniswap_v3_swaps() external {
        _swapsWell(_v3Trade(v3Adapter, address(usdc), address(wsei), 20 * USDC), 20 * USDC, 79 ether);
    }

    function test_uniswap_v3_swaps_over_two_pools() external {
        Trade memory trade = _v3Trade(v3Adapter, address(weth), address(wsei), 0.005 ether);
        trade.data = abi.encodePacked(weth, uint24(3000), usdc, uint24(3000), wsei);
        _swapsWell(trade, 0.005 ether, 79 ether);
    }

    function test_the_older_uniswap_v3_router_swaps_by_its_deadline() external {
        Mandate memory made = _next();
        made.adapters[0] = v3DeadlineAdapter;
        _adopt(made);
        _swapsWell(_v3Trade(v3DeadlineAdapter, address(usdc), address(wsei), 20 * USDC), 20 * USDC, 79 ether);
    }

    function test_a_malformed_v3_path_is_refused() external {
        Trade memory trade = _v3Trade(v3Adapter, address(usdc), address(wsei), 20 * USDC);
        trade.deadline = _now();
        trade.data = abi.encodePacked(trade.data, hex"00");
        _refuses(trade, abi.encodeWithSelector(Refusal.BadPath.selector, address(usdc), address(wsei)));
        trade.data = abi.encodePacked(usdc);
        _refuses(trade, abi.encodeWithSelector(Refusal.BadPath.selector, address(usdc), address(wsei)));
        trade.data = "";
        _refuses(trade, abi.encodeWithSelector(Refusal.BadPath.selector, address(usdc), address(wsei)));
    }

    function test_the_exchange_is_told_the_least_as_well() external {
        Trade memory trade = _v2Trade(address(usdc), address(wsei), 20 * USDC);
        trade.deadline = _now();
        trade.minOut = 80 ether;
        _refuses(trade, abi.encodeWithSignature("Error(string)", "UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT"));
        trade = _v3Trade(v3Adapter, address(usdc), address(wsei), 20 * USDC);
        trade.deadline = _now();
        trade.minOut = 80 ether;
        _refuses(trade, abi.encodeWithSignature("Error(string)", "Too little received"));
    }

    function test_the_adapters_name_the_recipient_the_amounts_and_the_deadline() external view {
        ISwapAdapter.Swap memory request = ISwapAdapter.Swap(stranger, 5, 6, 7, abi.encode(_list(owner, actor)));
        (bytes memory callData, address[] memory hops) = ISwapAdapter(v2Adapter).encode(request);
        vm.assertEq(
            callData,
            abi.encodeWithSignature(
                "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
                5,
                6,
                _list(owner, actor),
                stranger,
                7
            )
        );
        vm.assertEq(abi.encode(hops), abi.encode(_list(owner, actor)));
        request.path = abi.encodePacked(owner, uint24(100), actor);
        (callData, hops) = ISwapAdapter(v3Adapter).encode(request);
        bytes memory fields = abi.encode(uint256(0x20), uint256(0x80), stranger, 5, 6, request.path.length);
        vm.assertEq(
            callData,
            abi.encodePacked(bytes4(keccak256("exactInput((bytes,address,uint256,uint256))")), fields, request.path, new bytes(21))
        );
        vm.assertEq(abi.encode(hops), abi.encode(_list(owner, actor)));
        (callData, hops) = ISwapAdapter(v3DeadlineAdapter).encode(request);
        fields = abi.encode(uint256(0x20), uint256(0xa0), stranger, 7, 5, 6, request.path.length);
        vm.assertEq(
            callData,
            abi.encodePacked(bytes4(keccak256("exactInput((bytes,address,uint256,uint256,uint256))")), fields, request.path, new bytes(21))
        );
        vm.assertEq(abi.encode(hops), abi.encode(_list(owner, actor)));
    }

    // ------------------------------------------------------------ inside

    function _swapsWell(Trade memory trade, uint256 spends, uint256 buysAtLeast) private {
        trade.deadline = _now();
        uint256 before = wsei.balanceOf(address(escrow));
        (uint256 spent, uint256 got) = _swap(trade);
        vm.assertEq(spent, spends);
        vm.assertGe(got, buysAtLeast);
        vm.assertEq(wsei.balanceOf(address(escrow)) - before, got);
    }

    function _refusesPath(address[] memory hops) private {
        Trade memory trade = _fair();
        trade.data = abi.encode(
            _orders(address(usdc), 20 * USDC, address(wsei), 80 ether, address(escrow)),
            hops
        );
        _refuses(trade, abi.encodeWithSelector(Refusal.BadPath.selector, address(usdc), address(wsei)));
    }

    function _over(address hop) private view returns (Trade memory trade) {
        trade = _fair();
        trade.data = abi.encode(
            _orders(address(usdc), 20 * USDC, address(wsei), 80 ether, address(escrow)),
            _list(address(usdc), hop, address(wsei))
        );
    }

    /// @dev Listed without a feed, and in the mandate.
    function _feedless() private returns (TestToken bare) {
        bare = new TestToken("Bare", "BARE", 18, address(this));
        vm.prank(admin);
        orchestrator.listToken("BARE", address(bare), address(0), 0, 0, 0, 0);
        _skip(2 days);
        Mandate memory made = _next();
        made.tokens[2] = address(bare);
        _adopt(made);
    }

    function _list(address a, address b) private pure returns (address[] memory) {
        return _hops(a, b);
    }

    function _list(address a, address b, address c) private pure returns (address[] memory list) {
        list = new address[](3);
        (list[0], list[1], list[2]) = (a, b, c);
    }
}
