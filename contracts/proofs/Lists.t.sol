// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretOrchestrator} from "../CaretOrchestrator.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {IPriceFeed} from "../interfaces/IPriceFeed.sol";
import {ITokenFactory} from "../interfaces/ITokenFactory.sol";
import {IWSEI} from "../interfaces/IWSEI.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {TestToken} from "../testnet/TestToken.sol";
import {TestTokenFactory} from "../testnet/TestTokenFactory.sol";
import {Scripted} from "./Scripted.sol";

/// @notice What may be listed, when it counts, and for whose mandates.
contract ListsTest is Scripted {
    TestToken private _fresh;

    function setUp() public override {
        super.setUp();
        _fresh = new TestToken("Fresh", "NEW", 18, address(this));
        _fresh.mint(address(router), 1_000 ether);
    }

    // ------------------------------------------------------------ when an entry counts

    function test_a_listing_is_announced_with_the_time_it_counts_from() external {
        uint256 from = _now() + 2 days;
        vm.expectEmit(address(orchestrator));
        emit CaretOrchestrator.TokenListed(address(_fresh), "NEW", address(usdcFeed), from);
        _list("NEW", address(_fresh));
        (
            address feed,
            uint8 decimals,
            uint16 maxAge,
            uint16 epsilonBps,
            uint256 low,
            uint256 high,
            uint32 listedAt,
            bool on
        ) = orchestrator.tokenListing(address(_fresh));
        vm.assertEq(feed, address(usdcFeed));
        vm.assertEq(decimals, 18);
        vm.assertEq(maxAge, 22_000);
        vm.assertEq(epsilonBps, 35);
        vm.assertEq(low, 92_274_688);
        vm.assertEq(high, 117_440_512);
        vm.assertEq(listedAt, from);
        vm.assertTrue(on);
        vm.assertEq(orchestrator.tokens("NEW"), address(_fresh));
        vm.assertTrue(!orchestrator.isListed(address(_fresh)));
        vm.warp(from - 1);
        vm.assertTrue(!orchestrator.isListed(address(_fresh)));
        vm.warp(from);
        vm.assertTrue(orchestrator.isListed(address(_fresh)));
    }

    function test_a_token_counts_for_mandates_signed_two_days_after_it_was_announced() external {
        _list("NEW", address(_fresh));
        _skip(2 days - 1);
        _cover(address(_fresh));
        bytes memory reason = abi.encodeWithSelector(Refusal.TokenNotListed.selector, address(_fresh));
        _refuses(_buyFresh(), reason);
        _skip(1);
        // Signed a second too early, whenever it is used.
        _refuses(_buyFresh(), reason);
        _cover(address(_fresh));
        _swap(_buyFresh());
    }

    function test_a_venue_counts_for_mandates_signed_two_days_after_it_was_announced() external {
        address second = _twin();
        uint256 from = _now() + 2 days;
        vm.expectEmit(address(orchestrator));
        emit CaretOrchestrator.VenueListed(second, address(router), from);
        vm.prank(admin);
        orchestrator.listVenue(second, address(router));
        (address listed, uint32 listedAt, bool on) = orchestrator.venueListing(second);
        vm.assertEq(listed, address(router));
        vm.assertEq(listedAt, from);
        vm.assertTrue(on);
        _skip(2 days - 1);
        _coverVenue(second);
        bytes memory reason = abi.encodeWithSelector(Refusal.VenueNotListed.selector, second);
        _refuses(_at(second), reason);
        _skip(1);
        _refuses(_at(second), reason);
        _coverVenue(second);
        _swap(_at(second));
    }

    function test_what_is_listed_before_the_lists_are_closed_counts_at_once() external {
        CaretOrchestrator open = _unsealed(ITokenFactory(address(0)));
        vm.startPrank(admin);
        open.listToken("NEW", address(_fresh), address(0), 0, 0, 0, 0);
        open.listVenue(address(adapter), address(router));
        (, , , , , , uint32 listedAt, bool on) = open.tokenListing(address(_fresh));
        vm.assertEq(listedAt, 0);
        vm.assertTrue(on && open.isListed(address(_fresh)));
        (, listedAt, on) = open.venueListing(address(adapter));
        vm.assertEq(listedAt, 0);
        vm.assertTrue(on);
        vm.stopPrank();
    }

    // ------------------------------------------------------------ switching off and listing anew

    function test_switching_a_token_off_is_immediate() external {
        Trade memory trade = _fair();
        _off(address(wsei));
        _refuses(trade, abi.encodeWithSelector(Refusal.TokenNotListed.selector, address(wsei)));
        vm.assertTrue(!orchestrator.isListed(address(wsei)));
        (address feed, , , , , , , bool on) = orchestrator.tokenListing(address(wsei));
        vm.assertEq(feed, address(seiFeed));
        vm.assertTrue(!on);
    }

    function test_switching_a_venue_off_is_immediate_and_for_good() external {
        Trade memory trade = _fair();
        _off(address(adapter));
        _refuses(trade, abi.encodeWithSelector(Refusal.VenueNotListed.selector, address(adapter)));
        (address listed, , bool on) = orchestrator.venueListing(address(adapter));
        vm.assertEq(listed, address(router));
        vm.assertTrue(!on);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(Refusal.AlreadyListed.selector, address(adapter)));
        orchestrator.listVenue(address(adapter), address(router));
    }

    function test_what_never_was_listed_is_not_switched_off() external {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(Refusal.TokenNotListed.selector, stranger));
        orchestrator.switchOff(stranger);
    }

    function test_a_token_listed_anew_does_not_count_for_older_mandates() external {
        _off(address(weth));
        vm.prank(admin);
        orchestrator.listToken("WETH", address(weth), address(usdcFeed), 22_000, 35, _code(0.9e8), _code(1.1e8));
        _skip(3 days);
        Trade memory trade = _script(address(usdc), 20 * USDC, address(weth), 20 ether);
        _refuses(trade, abi.encodeWithSelector(Refusal.TokenNotListed.selector, address(weth)));
        _adopt(_next());
        _swap(trade);
    }

    function test_a_listed_token_is_not_edited() external {
        _refusesListing("WETH", address(weth), abi.encodeWithSelector(Refusal.AlreadyListed.selector, address(weth)));
        _refusesListing("W2", address(weth), abi.encodeWithSelector(Refusal.AlreadyListed.selector, address(weth)));
    }

    // ------------------------------------------------------------ parts

    function test_a_token_is_no_router_and_no_adapter() external {
        vm.startPrank(admin);
        _refusesVenue(_twin(), address(usdc), address(usdc));
        _refusesVenue(_twin(), address(weth), address(weth));
        _refusesVenue(_twin(), address(wsei), address(wsei));
        _refusesVenue(address(weth), address(router), address(weth));
        orchestrator.switchOff(address(weth));
        _refusesVenue(_twin(), address(weth), address(weth));
        _refusesVenue(address(weth), address(router), address(weth));
        vm.stopPrank();
    }

    function test_wrapper_and_quote_token_are_tokens_before_they_are_listed() external {
        CaretOrchestrator open = _unsealed(ITokenFactory(address(0)));
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(Refusal.AlreadyListed.selector, address(usdc)));
        open.listVenue(address(adapter), address(usdc));
        vm.expectRevert(abi.encodeWithSelector(Refusal.AlreadyListed.selector, address(wsei)));
        open.listVenue(address(wsei), address(router));
        vm.stopPrank();
    }

    function test_a_router_or_an_adapter_is_no_token() external {
        _refusesListing("R", address(router), abi.encodeWithSelector(Refusal.AlreadyListed.selector, address(router)));
        _refusesListing(
            "A",
            address(adapter),
            abi.encodeWithSelector(Refusal.AlreadyListed.selector, address(adapter))
        );
        _off(address(adapter));
        _refusesListing(
            "A",
            address(adapter),
            abi.encodeWithSelector(Refusal.AlreadyListed.selector, address(adapter))
        );
    }

    function test_a_router_is_no_adapter_and_the_other_way_round() external {
        address twin = _twin();
        vm.startPrank(admin);
        _refusesVenue(twin, twin, twin);
        _refusesVenue(address(router), twin, address(router));
        _refusesVenue(twin, address(adapter), address(adapter));
        vm.stopPrank();
    }

    function test_adapters_may_share_a_router() external {
        address twin = _twin();
        vm.prank(admin);
        orchestrator.listVenue(twin, address(router));
        (address listed, , ) = orchestrator.venueListing(twin);
        vm.assertEq(listed, address(router));
        vm.assertTrue(orchestrator.isRouter(address(router)));
        vm.assertTrue(!orchestrator.isRouter(twin));
    }

    function test_parts_are_contracts() external {
        address twin = _twin();
        _refusesListing("X", stranger, abi.encodeWithSelector(Refusal.NotAContract.selector, stranger));
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotAContract.selector, stranger));
        orchestrator.listVenue(stranger, address(router));
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotAContract.selector, stranger));
        orchestrator.listVenue(twin, stranger);
        vm.stopPrank();
    }

    // ------------------------------------------------------------ symbols

    function test_a_symbol_is_one_tokens() external {
        _refusesListing(
            "USDC",
            address(_fresh),
            abi.encodeWithSelector(Refusal.SymbolTaken.selector, "USDC", address(usdc))
        );
        _off(address(usdc));
        _refusesListing(
            "USDC",
            address(_fresh),
            abi.encodeWithSelector(Refusal.SymbolTaken.selector, "USDC", address(usdc))
        );
    }

    function test_a_symbol_is_something() external {
        _refusesListing("", address(_fresh), abi.encodeWithSelector(Refusal.EmptySymbol.selector));
    }

    function test_the_server_makes_test_tokens_where_there_is_a_factory() external {
        CaretOrchestrator open = _unsealed(new TestTokenFactory());
        vm.startPrank(server);
        address made = open.registerToken("Play money", "PLAY");
        vm.assertEq(open.tokens("PLAY"), made);
        vm.assertTrue(!open.isListed(made));
        vm.expectRevert(abi.encodeWithSelector(Refusal.SymbolTaken.selector, "PLAY", made));
        open.registerToken("More of it", "PLAY");
        vm.expectRevert(abi.encodeWithSelector(Refusal.EmptySymbol.selector));
        open.registerToken("Nothing", "");
        vm.stopPrank();
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotServer.selector, admin));
        open.registerToken("Mine", "MINE");
        vm.prank(admin);
        open.listToken("PLAY", made, address(0), 0, 0, 0, 0);
        vm.assertTrue(open.isListed(made));
    }

    function test_real_networks_make_no_tokens() external {
        vm.prank(server);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NoTokenFactory.selector));
        orchestrator.registerToken("Play money", "PLAY");
    }

    // ------------------------------------------------------------ terms

    function test_a_token_has_at_most_18_decimals() external {
        TestToken odd = new TestToken("Odd", "ODD", 19, address(this));
        _refusesListing("ODD", address(odd), abi.encodeWithSelector(Refusal.DecimalsNotAllowed.selector, address(odd), 19));
        odd = new TestToken("Even", "EVEN", 0, address(this));
        _list("EVEN", address(odd));
    }

    function test_a_feed_has_8_decimals() external {
        for (uint256 i = 7; i < 10; i += 2) {
            vm.mockCall(address(usdcFeed), abi.encodeCall(IPriceFeed.decimals, ()), abi.encode(i));
            _refusesListing(
                "NEW",
                address(_fresh),
                abi.encodeWithSelector(Refusal.DecimalsNotAllowed.selector, address(usdcFeed), i)
            );
        }
    }

    function test_age_and_epsilon_have_bounds() external {
        _refusesTerms(0, 35);
        _refusesTerms(22_000, 0);
        _refusesTerms(22_000, 1_001);
        uint8 low = _code(0.9e8);
        uint8 high = _code(1.1e8);
        vm.prank(admin);
        orchestrator.listToken("NEW", address(_fresh), address(usdcFeed), 1, 1_000, low, high);
    }

    function test_a_band_is_not_empty_and_not_wider_than_a_factor_of_64() external {
        uint8 low = _code(0.9e8);
        // 48 steps are a factor of 64.
        _refusesBand(low, low, 92_274_688, 92_274_688);
        _refusesBand(low, low - 1, 92_274_688, 83_886_080);
        _refusesBand(low, low + 49, 92_274_688, 6_442_450_944);
        vm.prank(admin);
        orchestrator.listToken("NEW", address(_fresh), address(usdcFeed), 22_000, 35, low, low + 48);
    }

    function test_the_feed_must_answer_within_its_band_now() external {
        (uint8 low, uint8 high) = (_code(0.9e8), _code(1.1e8));
        int256[4] memory answers = [int256(92_274_687), 117_440_513, -1, 0];
        for (uint256 i = 0; i < 4; ++i) {
            _push(usdcFeed, answers[i]);
            vm.prank(admin);
            vm.expectRevert(
                abi.encodeWithSelector(Refusal.FeedUnusable.selector, address(usdcFeed), answers[i], _now())
            );
            orchestrator.listToken("NEW", address(_fresh), address(usdcFeed), 22_000, 35, low, high);
        }
        _push(usdcFeed, 92_274_688);
        _list("NEW", address(_fresh));
        _push(usdcFeed, 117_440_512);
        _off(address(_fresh));
        _list("NEW", address(_fresh));
    }

    function test_what_never_was_listed_has_no_terms() external view {
        (bool answered, bytes memory terms) = address(orchestrator).staticcall(
            abi.encodeCall(CaretOrchestrator.tokenListing, (stranger))
        );
        vm.assertTrue(answered);
        vm.assertEq(terms, new bytes(8 * 32));
    }

    // ------------------------------------------------------------ inside

    function _list(string memory symbol, address token) private {
        (uint8 low, uint8 high) = (_code(0.9e8), _code(1.1e8));
        vm.prank(admin);
        orchestrator.listToken(symbol, token, address(usdcFeed), 22_000, 35, low, high);
    }

    function _refusesListing(string memory symbol, address token, bytes memory reason) private {
        (uint8 low, uint8 high) = (_code(0.9e8), _code(1.1e8));
        vm.prank(admin);
        vm.expectRevert(reason);
        orchestrator.listToken(symbol, token, address(usdcFeed), 22_000, 35, low, high);
    }

    function _refusesTerms(uint16 maxAge, uint16 epsilonBps) private {
        (uint8 low, uint8 high) = (_code(0.9e8), _code(1.1e8));
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(Refusal.FeedTermsNotAllowed.selector, maxAge, epsilonBps));
        orchestrator.listToken("NEW", address(_fresh), address(usdcFeed), maxAge, epsilonBps, low, high);
    }

    function _refusesBand(uint8 low, uint8 high, uint256 least, uint256 most) private {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(Refusal.BandNotAllowed.selector, least, most));
        orchestrator.listToken("NEW", address(_fresh), address(usdcFeed), 22_000, 35, low, high);
    }

    /// @dev By the admin, who is being impersonated.
    function _refusesVenue(address adapter_, address router_, address entry) private {
        vm.expectRevert(abi.encodeWithSelector(Refusal.AlreadyListed.selector, entry));
        orchestrator.listVenue(adapter_, router_);
    }

    function _off(address entry) private {
        vm.expectEmit(address(orchestrator));
        emit CaretOrchestrator.SwitchedOff(entry);
        vm.prank(admin);
        orchestrator.switchOff(entry);
    }

    function _cover(address token) private {
        Mandate memory made = _next();
        made.tokens[2] = token;
        _adopt(made);
    }

    function _coverVenue(address venue) private {
        Mandate memory made = _next();
        made.adapters[0] = venue;
        _adopt(made);
    }

    function _buyFresh() private view returns (Trade memory) {
        return _script(address(usdc), 20 * USDC, address(_fresh), 20 ether);
    }

    function _at(address venue) private view returns (Trade memory trade) {
        trade = _fair();
        trade.adapter = venue;
    }

    /// @dev A second adapter of the same code.
    function _twin() private returns (address made) {
        made = makeAddr("a second adapter");
        vm.etch(made, address(adapter).code);
    }

    function _unsealed(ITokenFactory factory) private returns (CaretOrchestrator) {
        return
            new CaretOrchestrator(
                admin,
                server,
                guardian,
                IERC20(address(usdc)),
                IWSEI(address(wsei)),
                factory
            );
    }
}
