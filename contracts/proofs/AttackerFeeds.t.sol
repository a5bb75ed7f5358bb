// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {TestFeed} from "../testnet/TestFeeds.sol";
import {Greed} from "./attacks/Greed.sol";
import {Hand} from "./attacks/Hand.sol";

/// @notice Families about prices, and about what happens in the middle of a swap.
contract AttackerFeedsTest is Greed {
    int256 private constant MOVED_BPS = 2_500;
    uint256 private constant SKEW = 20_000;

    function test_oddFeeds() external {
        _begin("oddFeeds", 300, 1_000 * USD, 5 * USD);
        _run(_oddFeeds);
    }

    /// @dev The feed of WETH stands still, on time all the same, while WETH gains 25 %.
    function test_frozenFeed() external {
        _begin("frozenFeed", 150, 200 * USD, 5 * USD);
        (frozenBps, pairs) = (MOVED_BPS, Pairs.WethForUsdc);
        perDay += (200 * USD * ATTO_PER_MICRO * (uint256(MOVED_BPS) - _epsilonOf(address(weth)))) / BPS;
        _run(_sales);
    }

    function test_pushedInCallback() external {
        _begin("pushedInCallback", 300, 1_000 * USD, 5 * USD);
        route = Route.OddHop;
        listener = address(hand);
        _run(_pushes);
    }

    function test_editedListing() external {
        _begin("editedListing", 300, 1_000 * USD, 5 * USD);
        _run(_edited);
    }

    /// @dev While its swap runs the escrow is asked to swap, to pay gas, and is given things.
    function test_callbacks() external {
        _begin("callbacks", 300, 1_000 * USD, 5 * USD);
        route = Route.OddHop;
        listener = address(hand);
        _run(_callbacks);
        vm.assertTrue(hand.played() > 0, "nothing was played in a callback");
    }

    /// @dev The same with what server and owner's signatures can do.
    function test_reentry() external {
        _begin("reentry", 300, 1_000 * USD, 5 * USD);
        route = Route.OddHop;
        listener = address(boss);
        _run(_reentry);
        vm.assertTrue(boss.played() > 0, "nothing was played in a callback");
        vm.assertEq(boss.succeeded(), 0, "a call was let in during a swap");
    }

    // ------------------------------------------------------------ tricks

    /// @dev A feed in a state it must not be in, a trade that would be welcome at its word, the feed put right again.
    function _oddFeeds() internal {
        int256 right = wethFeed.answer();
        bool selling = _roll(2) == 0;
        _favour(selling ? address(weth) : address(usdc), selling ? address(usdc) : address(weth));
        for (uint256 i = 0; i < 7; ++i) {
            _setFeed(i, right, selling);
            // Zero and less have no price to build upon: the last good one is taken.
            if (wethFeed.answer() <= 0) _push(wethFeed, right);
            Trade memory trade = selling
                ? _tradeAt(Route.V3, address(weth), address(usdc), 20 * USD, MILLION + 20_000)
                : _tradeAt(Route.V3, address(usdc), address(weth), 20 * USD, MILLION + 20_000);
            _setFeed(i, right, selling);
            _mustFail(actor, address(escrow), _swapCall(trade), string.concat("odd feed ", vm.toString(i)));
        }
        _push(wethFeed, right);
    }

    /// @dev Too old, far too old, zero, negative, from the future, below its band, above its band.
    function _setFeed(uint256 state, int256 right, bool selling) private {
        int256 false_ = selling ? (right * 3) / 4 : (right * 4) / 3;
        if (state == 0) _publish(false_, block.timestamp - 22_001);
        if (state == 1) _publish(false_, block.timestamp - 22_001 - _roll(30 days));
        if (state == 2) _publish(0, block.timestamp);
        if (state == 3) _publish(-right, block.timestamp);
        if (state == 4) _publish(false_, block.timestamp + 1 + _roll(1 days));
        if (state == 5) _publish(700e8, block.timestamp);
        if (state == 6) _publish(33_000e8, block.timestamp);
    }

    function _publish(int256 answer, uint256 when) private {
        vm.prank(address(feeds));
        wethFeed.set(answer, when);
    }

    function _sales() internal {
        for (uint256 i = 0; i < 3; ++i) {
            _favour(address(weth), address(usdc));
            uint256 value = 1 + _roll(2 * mandate.tradeCap);
            _swapAs(actor, _tradeAt(Route.V3, address(weth), address(usdc), value, MILLION - 20_000 + _roll(5_000)));
        }
    }

    /// @dev Two answers that are both near enough to the truth, the second published while the swap runs.
    function _pushes() internal {
        for (uint256 i = 0; i < 3; ++i) {
            (address tokenIn, address tokenOut) = (address(weth), _roll(2) == 0 ? address(usdc) : address(wsei));
            if (_roll(2) == 0) (tokenIn, tokenOut) = (tokenOut, tokenIn);
            _favour(tokenIn, tokenOut);
            int256 first = wethFeed.answer();
            int256 second = (first * (10_000 + (tokenIn == address(weth) ? int256(129) : -129))) / 10_000;
            _armOne(address(this), abi.encodeCall(this.pushWeth, (second)));
            Trade memory trade = _tradeAt(route, tokenIn, tokenOut, 20 * USD, MILLION - 30_000 + _roll(60_000));
            _swapAs(actor, trade);
            _armOne(address(usdc), abi.encodeWithSignature("decimals()"));
            _push(wethFeed, first);
        }
    }

    function pushWeth(int256 answer) external {
        require(msg.sender == address(hand));
        _push(wethFeed, answer);
    }

    /// @dev WETH is switched off and listed again with a feed that is wrong by half: for later mandates only.
    function _edited() internal {
        if (progress >= 3_000 && pairs == Pairs.All) _editListing();
        if (pairs == Pairs.All) {
            _swapAs(actor, _gift());
            return;
        }
        _pushAll();
        for (uint256 i = 0; i < 4; ++i) {
            address other = _roll(2) == 0 ? address(usdc) : address(wsei);
            bool selling = _roll(2) == 0;
            (address tokenIn, address tokenOut) = selling ? (address(weth), other) : (other, address(weth));
            _favour(tokenIn, tokenOut);
            uint256 price = _roll(2) == 0 ? MILLION + 20_000 : MILLION / 2;
            Trade memory trade = _tradeAt(Route.V3, tokenIn, tokenOut, 20 * USD, price);
            _mustFail(actor, address(escrow), _swapCall(trade), "an entry listed after the mandate");
        }
    }

    function _editListing() private {
        TestFeed wrong = feeds.create("ETH / USD, wrong", wethFeed.answer() / 2);
        vm.startPrank(admin);
        orchestrator.switchOff(address(weth));
        orchestrator.listToken("WETH", address(weth), address(wrong), 65_535, 65, _code(400e8), _code(20_000e8));
        vm.stopPrank();
        pairs = Pairs.WithoutWeth;
    }

    /// @dev A poor swap within which another one pays in what this one should have: if both counted it, all would be
    ///      lost. And gas and gifts at the same moment.
    function _callbacks() internal {
        uint256 next = escrow.sequence() + 1;
        uint256 value = 100_000 + _roll(10 * USD);
        _favour(address(usdc), address(wsei));
        Trade memory inner = _tradeAt(Route.V3, address(weth), address(wsei), value, MILLION + 10_000);
        Trade memory outer = _tradeAt(route, address(usdc), address(wsei), value, SKEW);
        outer.id = next + _roll(2);
        inner.id = next;
        Hand.Move[] memory moves = new Hand.Move[](5);
        moves[0] = Hand.Move(address(escrow), _swapCall(inner));
        moves[1] = Hand.Move(address(escrow), abi.encodeCall(CaretEscrow.fundActor, (NATIVE, 1 ether)));
        moves[2] = Hand.Move(address(wsei), abi.encodeCall(wsei.transfer, (address(escrow), 1)));
        moves[3] = Hand.Move(address(usdc), abi.encodeCall(wsei.transfer, (address(escrow), 1)));
        moves[4] = Hand.Move(address(escrow), abi.encodeCall(CaretEscrow.fundActor, (address(wsei), 1 ether)));
        hand.arm(moves);
        _swapAs(actor, outer);
        outer.id = escrow.sequence() + 2;
        // Half of what was bought comes from the attacker itself: a gift, however it is counted.
        (uint256 out, uint256 spent) = _ratio(address(usdc), address(wsei), MILLION / 2);
        bytes memory gift = abi.encodeCall(wsei.transfer, (address(escrow), (outer.amountIn * out) / spent / 4));
        moves[2] = Hand.Move(address(wsei), gift);
        hand.arm(moves);
        _priceV3(address(odd), address(wsei), OWN_FEE, MILLION / 2);
        _swapAs(actor, outer);
        _drawWithin();
        moves[2] = Hand.Move(address(wsei), abi.encodeCall(wsei.transfer, (address(escrow), 1)));
        hand.arm(moves);
    }

    /// @dev Gas drawn within a welcome swap, whose own note of the buckets must not undo it.
    function _drawWithin() private {
        vm.warp(block.timestamp + 10 minutes);
        _setTruth(address(wsei), int256(_epsilonOf(address(wsei))));
        _armOne(address(escrow), abi.encodeCall(CaretEscrow.fundActor, (NATIVE, escrow.gasAvailable())));
        for (uint256 i = 0; i < 3; ++i) {
            (address tokenIn, address tokenOut) = _pair();
            _swapAs(actor, _tradeAt(route, tokenIn, tokenOut, 10_000, MILLION + 20_000));
        }
    }

    function _reentry() internal {
        Mandate memory next = _terms(mandate.nonce + 1, 9_000, 1_000 * USD, 5 * USD);
        bytes memory signature = _sign(ownerKey, escrow, _hashOf(next));
        Hand.Move[] memory moves = new Hand.Move[](6);
        bytes memory release = abi.encodeCall(CaretEscrow.releaseFunds, (address(usdc), owner, 1 * USDC));
        moves[0] = Hand.Move(address(escrow), release);
        moves[1] = Hand.Move(address(escrow), abi.encodeCall(CaretEscrow.setMandate, (next, signature)));
        moves[2] = Hand.Move(address(escrow), abi.encodeCall(CaretEscrow.exit, (CODE, address(usdc))));
        moves[3] = Hand.Move(address(escrow), abi.encodeCall(CaretEscrow.withdraw, (address(usdc), address(boss), 1)));
        moves[4] = Hand.Move(address(escrow), abi.encodeCall(CaretEscrow.drop, ()));
        moves[5] = Hand.Move(address(escrow), abi.encodeCall(CaretEscrow.releaseFunds, (NATIVE, owner, 1 ether)));
        boss.arm(moves);
        for (uint256 i = 0; i < 3; ++i) {
            (address tokenIn, address tokenOut) = _pair();
            _favour(tokenIn, tokenOut);
            _swapAs(actor, _tradeAt(route, tokenIn, tokenOut, 1 + _roll(50 * USD), MILLION - 30_000 + _roll(60_000)));
        }
    }

    function _armOne(address target, bytes memory data) private {
        Hand.Move[] memory moves = new Hand.Move[](1);
        moves[0] = Hand.Move(target, data);
        hand.arm(moves);
    }
}
