// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Trade} from "../interfaces/ICaretTypes.sol";
import {ScriptedAdapter, ScriptedRouter} from "../test/ScriptedVenue.sol";
import {TestToken} from "../testnet/TestToken.sol";
import {Greed} from "./attacks/Greed.sol";

/// @notice Families about where and how is traded.
contract AttackerVenuesTest is Greed {
    TestToken internal unlisted;

    function test_ownPoolV3() external {
        _begin("ownPoolV3", 300, 1_000 * USD, 5 * USD);
        route = Route.V3;
        _run(_oddPrices);
    }

    function test_ownPoolV3Deadline() external {
        _begin("ownPoolV3Deadline", 300, 1_000 * USD, 5 * USD);
        route = Route.V3Deadline;
        _run(_oddPrices);
    }

    function test_ownPoolV2() external {
        _begin("ownPoolV2", 300, 1_000 * USD, 5 * USD);
        route = Route.V2;
        _run(_oddPrices);
    }

    function test_sandwich() external {
        _begin("sandwich", 300, 1_000 * USD, 5 * USD);
        route = Route.Sandwich;
        pairs = Pairs.WithoutWeth;
        _run(_sandwiches);
    }

    function test_twoHops() external {
        _begin("twoHops", 300, 1_000 * USD, 5 * USD);
        route = Route.TwoHops;
        _run(_oddPrices);
    }

    function test_hostileHop() external {
        _begin("hostileHop", 300, 1_000 * USD, 5 * USD);
        route = Route.OddHop;
        _run(_hostileHops);
    }

    function test_residualAllowance() external {
        _begin("residualAllowance", 300, 1_000 * USD, 5 * USD);
        route = Route.Scripted;
        _run(_robbery);
    }

    function test_routerIsToken() external {
        _begin("routerIsToken", 300, 1_000 * USD, 5 * USD);
        _run(_falseVenues);
    }

    function test_games() external {
        _begin("games", 300, 1_000 * USD, 5 * USD);
        unlisted = new TestToken("Unlisted", "UNL", 18, address(this));
        (feedOf[address(unlisted)], scaleOf[address(unlisted)]) = (usdcFeed, 1e18);
        _v3Pool(address(usdc), 50_000_000e6, address(unlisted), 50_000_000e18, OWN_FEE);
        _v3Pool(address(wsei), 200_000_000e18, address(unlisted), 50_000_000e18, OWN_FEE);
        pairs = Pairs.WithoutWeth;
        _run(_games);
    }

    /// @dev Listed, but not what the owner has signed for.
    function test_outsideMandate() external {
        _begin("outsideMandate", 300, 1_000 * USD, 5 * USD);
        mandate.nonce += 1;
        mandate.adapters.pop();
        mandate.tokens.pop();
        _adopt(mandate);
        pairs = Pairs.WithoutWeth;
        _run(_outside);
    }

    // ------------------------------------------------------------ tricks

    /// @dev Prices around the floor, and values around the cap.
    function _oddPrices() internal {
        for (uint256 i = 0; i < 3; ++i) {
            (address tokenIn, address tokenOut) = _pair();
            _favour(tokenIn, tokenOut);
            uint256 value = 1 + _roll(2 * mandate.tradeCap);
            _swapAs(actor, _tradeAt(route, tokenIn, tokenOut, value, MILLION - 45_000 + _roll(60_000)));
        }
    }

    function _sandwiches() internal {
        for (uint256 i = 0; i < 3; ++i) {
            (address tokenIn, address tokenOut) = _pair();
            _favour(tokenIn, tokenOut);
            _sandwich(tokenIn, tokenOut, 1 + _roll(2 * mandate.tradeCap), MILLION - 60_000 + _roll(50_000));
        }
    }

    /// @dev The hop itself bought and sold, which has no feed, and routes over what is not listed.
    function _hostileHops() internal {
        (address tokenIn, address tokenOut) = _pair();
        Trade memory trade = _tradeAt(route, tokenIn, tokenOut, 10_000, MILLION + 20_000);
        trade.tokenOut = address(odd);
        trade.data = abi.encodePacked(tokenIn, OWN_FEE, address(odd));
        _mustFail(actor, address(escrow), _swapCall(trade), "a purchase of a token without a feed");
        trade.tokenIn = address(odd);
        trade.tokenOut = tokenOut;
        trade.data = abi.encodePacked(address(odd), OWN_FEE, tokenOut);
        _mustFail(actor, address(escrow), _swapCall(trade), "a sale of a token without a feed");
        _oddPrices();
    }

    /// @dev The venue takes less than it was allowed, and comes back for the rest. One base unit is what it may find.
    function _robbery() internal {
        (address tokenIn, address tokenOut) = _pair();
        _favour(tokenIn, tokenOut);
        uint256 value = 10_000 + _roll(1_000_000);
        Trade memory trade = _tradeAt(route, tokenIn, tokenOut, value, MILLION + 20_000);
        uint256 taken = _roll(trade.amountIn) + 1;
        (, trade.data) = _scripted(tokenIn, taken, tokenOut, MILLION + 20_000, taken);
        _swapAs(actor, trade);
        bytes memory rest = abi.encodeCall(
            ScriptedRouter.rob,
            (IERC20(tokenIn), address(escrow), trade.amountIn - taken + 1)
        );
        if (trade.amountIn > taken) _mustFail(stranger, address(scriptedRouter), rest, "more than one unit was left");
        tolerated += _valueOf(tokenIn, 1) + 1;
        _attempt(
            stranger,
            address(scriptedRouter),
            abi.encodeCall(ScriptedRouter.rob, (IERC20(tokenIn), address(escrow), 1))
        );
        (, trade.data) = _scripted(tokenIn, trade.amountIn + 1, tokenOut, MILLION + 20_000, trade.amountIn);
        trade.id = escrow.sequence() + 1;
        _mustFail(actor, address(escrow), _swapCall(trade), "more was spent than the trade said");
        _wrongEnds();
    }

    /// @dev Twenty dollars sold as if they were so many base units of WETH, which are worth nothing.
    function _wrongEnds() private {
        Trade memory trade = _tradeAt(route, address(usdc), address(wsei), 20 * USD, 1);
        (bytes memory call_, address[] memory hops) = abi.decode(trade.data, (bytes, address[]));
        hops[0] = address(weth);
        trade.data = abi.encode(call_, hops);
        _mustFail(actor, address(escrow), _swapCall(trade), "a route from elsewhere");
        hops[0] = address(usdc);
        trade.data = abi.encode(call_, hops);
        _mustFail(actor, address(escrow), _swapCall(trade), "twenty dollars for nothing");
    }

    /// @dev A call to a token in a venue's clothes, by the attacker or through a careless admin.
    function _falseVenues() internal {
        Trade memory trade = _gift();
        bytes memory theft = abi.encodeCall(IERC20.approve, (address(hand), type(uint256).max));
        address[] memory hops = new address[](2);
        (hops[0], hops[1]) = (trade.tokenIn, trade.tokenOut);
        address adapter = address(new ScriptedAdapter());
        (, bytes memory listing) = (0, abi.encodeWithSignature("listVenue(address,address)", adapter, trade.tokenIn));
        _mustFail(admin, address(orchestrator), listing, "a token as a router");
        listing = abi.encodeWithSignature("listVenue(address,address)", trade.tokenIn, v3Router02);
        _mustFail(admin, address(orchestrator), listing, "a token as an adapter");
        listing = abi.encodeWithSignature("listVenue(address,address)", adapter, address(scriptedRouter));
        _mustFail(server, address(orchestrator), listing, "a venue by the server");
        address[5] memory venues = [adapter, trade.tokenIn, v3Router02, address(escrow), address(hand)];
        trade.adapter = venues[_roll(5)];
        trade.data = abi.encode(theft, hops);
        _mustFail(actor, address(escrow), _swapCall(trade), "a venue nobody listed");
        trade.adapter = scriptedAdapter;
        _mustFail(actor, address(escrow), _swapCall(trade), "nothing was traded");
    }

    /// @dev Deadlines, least outputs, paths and senders that are wrong in otherwise welcome trades.
    function _games() internal {
        Trade memory trade = _gift();
        trade.deadline = block.timestamp - 1;
        _mustFail(actor, address(escrow), _swapCall(trade), "a trade too late");
        trade.deadline = block.timestamp;
        trade.minOut = 0;
        _mustFail(actor, address(escrow), _swapCall(trade), "no least output");
        trade.minOut = type(uint256).max;
        _mustFail(actor, address(escrow), _swapCall(trade), "less than the least output");
        trade.minOut = 1;
        bytes memory path = trade.data;
        trade.data = abi.encodePacked(trade.tokenIn, OWN_FEE, trade.tokenOut, OWN_FEE, trade.tokenIn);
        _mustFail(actor, address(escrow), _swapCall(trade), "a path to elsewhere");
        trade.data = abi.encodePacked(path, uint8(0));
        _mustFail(actor, address(escrow), _swapCall(trade), "a malformed path");
        trade.data = path;
        trade.amountIn = 0;
        _mustFail(actor, address(escrow), _swapCall(trade), "the router's own balance");
        trade.amountIn = _amountOf(trade.tokenIn, mandate.tradeCap + 1);
        _mustFail(actor, address(escrow), _swapCall(trade), "more than the cap");
        trade.amountIn = _amountOf(trade.tokenIn, 10_000);
        trade.data = abi.encodePacked(trade.tokenIn, OWN_FEE, address(unlisted), OWN_FEE, trade.tokenOut);
        _mustFail(actor, address(escrow), _swapCall(trade), "a hop nobody listed");
        trade.data = path;
        trade.amountIn = 1e30;
        _mustFail(actor, address(escrow), _swapCall(trade), "more than there is");
        trade.amountIn = _amountOf(trade.tokenIn, 10_000);
        _mustFail(server, address(escrow), _swapCall(trade), "a trade by the server");
        trade.adapter = trade.adapter == v3Adapter ? v2Adapter : v3Adapter;
        _mustFail(actor, address(escrow), _swapCall(trade), "another venue's path");
    }

    function _outside() internal {
        (address tokenIn, address tokenOut) = _pair();
        Trade memory trade = _tradeAt(Route.V3, tokenIn, address(weth), 10_000, MILLION + 20_000);
        _mustFail(actor, address(escrow), _swapCall(trade), "a purchase outside the mandate");
        trade = _tradeAt(Route.V3, address(weth), tokenOut, 10_000, MILLION + 20_000);
        _mustFail(actor, address(escrow), _swapCall(trade), "a sale outside the mandate");
        trade = _tradeAt(Route.Scripted, tokenIn, tokenOut, 10_000, MILLION + 20_000);
        _mustFail(actor, address(escrow), _swapCall(trade), "a venue outside the mandate");
    }
}
