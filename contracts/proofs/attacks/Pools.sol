// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Trade} from "../../interfaces/ICaretTypes.sol";
import {CallingToken} from "../../test/OddTokens.sol";
import {ScriptedAdapter, ScriptedRouter} from "../../test/ScriptedVenue.sol";
import {TestFeed} from "../../testnet/TestFeeds.sol";
import {IV2Factory, Stage} from "../Stage.sol";
import {Hand} from "./Hand.sol";

interface IV2Pair {
    function mint(address to) external returns (uint256);

    function burn(address to) external returns (uint256, uint256);

    function transfer(address to, uint256 amount) external returns (bool);

    function balanceOf(address holder) external view returns (uint256);
}

interface IV3Factory {
    function getPool(address, address, uint24) external view returns (address);
}

interface IV3Pool {
    function swap(address, bool, int256, uint160, bytes calldata) external returns (int256, int256);

    function slot0() external view returns (uint160, int24, uint16, uint16, uint16, uint8, bool);
}

/// @notice The attacker's means: accounts with code, deep pools of its own whose price it sets at will, a token that
///         calls it back at every transfer (listed as a hop by mistake) and a venue that does as it is told.
abstract contract Pools is Stage {
    enum Route {
        V3,
        V3Deadline,
        V2,
        Sandwich,
        TwoHops,
        OddHop,
        Scripted
    }

    uint24 internal constant OWN_FEE = 500;
    uint24 internal constant HONEST_FEE = 3000;
    uint256 internal constant BPS = 10_000;
    uint256 internal constant MILLION = 1e6;

    /// @dev Parts of a million above the floor, for what rounding and a trade's own weight take.
    uint256 internal constant MARGIN = 8;

    Hand internal hand;
    Hand internal boss;
    CallingToken internal odd;
    address internal scriptedAdapter;
    ScriptedRouter internal scriptedRouter;
    address internal ownPair;
    mapping(address token => TestFeed) internal feedOf;
    mapping(address token => uint256) internal scaleOf;

    function setUp() public virtual override {
        hand = new Hand();
        boss = new Hand();
        actor = address(hand);
        super.setUp();
    }

    function _deployOurs() internal override {
        super._deployOurs();
        (feedOf[address(wsei)], scaleOf[address(wsei)]) = (seiFeed, 1e18);
        (feedOf[address(usdc)], scaleOf[address(usdc)]) = (usdcFeed, 1e6);
        (feedOf[address(weth)], scaleOf[address(weth)]) = (wethFeed, 1e18);
        odd = new CallingToken();
        scaleOf[address(odd)] = 1e18;
        scriptedAdapter = address(new ScriptedAdapter());
        scriptedRouter = new ScriptedRouter();
        vm.startPrank(admin);
        orchestrator.listToken("ODD", address(odd), address(0), 0, 0, 0, 0);
        orchestrator.listVenue(scriptedAdapter, address(scriptedRouter));
        orchestrator.setServer(address(boss));
        vm.stopPrank();
        server = address(boss);
        vm.warp(block.timestamp + 10 days);
        _pushAll();
        _openPools();
    }

    /// @dev Fifty million dollars on either side: a flash loan, or the attacker's own token.
    function _openPools() private {
        (uint256 sei, uint256 eth, uint256 usd) = (200_000_000e18, 12_500e18, 50_000_000e6);
        _v3Pool(address(wsei), sei, address(usdc), usd, OWN_FEE);
        _v3Pool(address(weth), eth, address(usdc), usd, OWN_FEE);
        _v3Pool(address(weth), eth, address(wsei), sei, OWN_FEE);
        _v3Pool(address(wsei), sei, address(odd), 50_000_000e18, OWN_FEE);
        _v3Pool(address(usdc), usd, address(odd), 50_000_000e18, OWN_FEE);
        _v3Pool(address(weth), eth, address(odd), 50_000_000e18, OWN_FEE);
        ownPair = IV2Factory(v2Factory).createPair(address(weth), address(wsei));
        _give(address(wsei), address(hand), 20 * sei);
        _give(address(weth), address(hand), 20 * eth);
        _give(address(usdc), address(hand), 20 * usd);
        odd.mint(address(hand), 1e9 * 1e18);
    }

    function _give(address token, address to, uint256 amount) internal override {
        if (token == address(odd)) odd.mint(to, amount);
        else super._give(token, to, amount);
    }

    // ------------------------------------------------------------ prices

    function _answer(address token) internal view returns (uint256) {
        if (token == address(odd)) return 1e8;
        int256 answer = feedOf[token].answer();
        return answer > 0 ? uint256(answer) : 0;
    }

    /// @dev What `partsPerMillion` of the feeds' price is, in base units of `tokenOut` for one of `tokenIn`.
    function _ratio(
        address tokenIn,
        address tokenOut,
        uint256 partsPerMillion
    ) internal view returns (uint256 numerator, uint256 denominator) {
        numerator = _answer(tokenIn) * scaleOf[tokenOut] * partsPerMillion;
        denominator = _answer(tokenOut) * scaleOf[tokenIn] * MILLION;
    }

    /// @dev Moves a V3 pool so that a small swap gets that part of the feeds' price, its fee included.
    function _priceV3(address tokenIn, address tokenOut, uint24 fee, uint256 partsPerMillion) internal {
        Hand.Move[] memory moves = new Hand.Move[](1);
        moves[0] = _moveTo(tokenIn, tokenOut, fee, partsPerMillion);
        if (moves[0].target != address(0)) hand.run(moves);
    }

    /// @dev No target: the pool's price is there already.
    function _moveTo(
        address tokenIn,
        address tokenOut,
        uint24 fee,
        uint256 partsPerMillion
    ) internal view returns (Hand.Move memory) {
        (uint256 out, uint256 spent) = _ratio(tokenIn, tokenOut, (partsPerMillion * MILLION) / (MILLION - fee));
        if (tokenIn > tokenOut) (out, spent) = (spent, out);
        return _moveToRoot(tokenIn, tokenOut, fee, uint160(_sqrt((out << 96) / spent) << 48));
    }

    function _moveToRoot(
        address tokenA,
        address tokenB,
        uint24 fee,
        uint160 root
    ) internal view returns (Hand.Move memory move) {
        address pool = IV3Factory(v3Factory).getPool(tokenA, tokenB, fee);
        uint160 now_ = _rootOf(pool);
        if (now_ == root) return move;
        bytes memory pair = tokenA < tokenB ? abi.encode(tokenA, tokenB) : abi.encode(tokenB, tokenA);
        move.target = pool;
        move.data = abi.encodeCall(IV3Pool.swap, (address(hand), root < now_, type(int128).max, root, pair));
    }

    function _rootOf(address pool) internal view returns (uint160 root) {
        (root, , , , , , ) = IV3Pool(pool).slot0();
    }

    /// @dev Takes all liquidity out of the attacker's own V2 pair and puts it back at another price.
    function _priceV2(address tokenIn, address tokenOut, uint256 partsPerMillion) internal {
        uint256 ours = IV2Pair(ownPair).balanceOf(address(this));
        if (ours > 0) {
            IV2Pair(ownPair).transfer(ownPair, ours);
            IV2Pair(ownPair).burn(address(hand));
        }
        (uint256 out, uint256 spent) = _ratio(tokenIn, tokenOut, (partsPerMillion * MILLION) / (MILLION - 3000));
        uint256 depth = tokenIn == address(wsei) ? 200_000_000e18 : 12_500e18;
        vm.startPrank(address(hand));
        IERC20(tokenIn).transfer(ownPair, depth);
        IERC20(tokenOut).transfer(ownPair, (depth * out) / spent);
        vm.stopPrank();
        IV2Pair(ownPair).mint(address(this));
    }

    // ------------------------------------------------------------ trades

    /// @dev A trade of about `value` micro-USD which gets that part of the feeds' price, the pools moved accordingly.
    function _tradeAt(
        Route route,
        address tokenIn,
        address tokenOut,
        uint256 value,
        uint256 partsPerMillion
    ) internal returns (Trade memory trade) {
        trade.id = escrow.sequence() + 1;
        trade.deadline = block.timestamp;
        (trade.tokenIn, trade.tokenOut, trade.minOut) = (tokenIn, tokenOut, 1);
        trade.amountIn = _amountOf(tokenIn, value);
        trade.adapter = route == Route.V3Deadline ? v3DeadlineAdapter : v3Adapter;
        if (route == Route.V2 && tokenIn != address(usdc) && tokenOut != address(usdc)) {
            _priceV2(tokenIn, tokenOut, partsPerMillion);
            address[] memory path = new address[](2);
            (path[0], path[1]) = (tokenIn, tokenOut);
            (trade.adapter, trade.data) = (v2Adapter, abi.encode(path));
        } else if (route == Route.Scripted) {
            (trade.adapter, trade.data) = _scripted(tokenIn, trade.amountIn, tokenOut, partsPerMillion, trade.amountIn);
        } else if (route == Route.TwoHops || route == Route.OddHop) {
            address middle = route == Route.OddHop ? address(odd) : _third(tokenIn, tokenOut);
            _priceV3(tokenIn, middle, OWN_FEE, MILLION);
            _priceV3(middle, tokenOut, OWN_FEE, partsPerMillion);
            trade.data = abi.encodePacked(tokenIn, OWN_FEE, middle, OWN_FEE, tokenOut);
        } else {
            _priceV3(tokenIn, tokenOut, OWN_FEE, partsPerMillion);
            trade.data = abi.encodePacked(tokenIn, OWN_FEE, tokenOut);
        }
    }

    /// @dev The listed but hostile venue takes `taken`, and gives what `paidFor` is worth.
    function _scripted(
        address tokenIn,
        uint256 taken,
        address tokenOut,
        uint256 partsPerMillion,
        uint256 paidFor
    ) internal returns (address adapter, bytes memory data) {
        (uint256 out, uint256 spent) = _ratio(tokenIn, tokenOut, partsPerMillion);
        return _scriptedFor(tokenIn, taken, tokenOut, (paidFor * out) / spent + 1);
    }

    function _scriptedFor(
        address tokenIn,
        uint256 taken,
        address tokenOut,
        uint256 given
    ) internal returns (address adapter, bytes memory data) {
        vm.prank(address(hand));
        IERC20(tokenOut).transfer(address(scriptedRouter), given);
        address[] memory hops = new address[](2);
        (hops[0], hops[1]) = (tokenIn, tokenOut);
        adapter = scriptedAdapter;
        data = abi.encode(
            abi.encodeCall(
                ScriptedRouter.trade,
                (IERC20(tokenIn), taken, IERC20(tokenOut), given, address(escrow))
            ),
            hops
        );
    }

    function _amountOf(address token, uint256 value) internal view returns (uint256) {
        uint256 answer = _answer(token);
        return answer == 0 ? 1 : (value * scaleOf[token] * 100) / answer;
    }

    function _third(address a, address b) internal view returns (address) {
        if (a != address(usdc) && b != address(usdc)) return address(usdc);
        if (a != address(wsei) && b != address(wsei)) return address(wsei);
        return address(weth);
    }
}
