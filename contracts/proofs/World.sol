// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {CaretEscrow} from "../CaretEscrow.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {TestFeed} from "../testnet/TestFeeds.sol";
import {Scripted} from "./Scripted.sol";

/// @notice What may happen to an escrow, in any order, with books kept beside it. Mandates differ, and none allows
///         more than $50 a trade, and $200 of volume and $10 of loss a day.
contract World is Scripted {
    uint256 private constant BPS = 10_000;

    /// @dev Something counted against a daily limit.
    struct Draw {
        uint256 time;
        uint256 amount;
    }

    /// @notice The most in any 24 hours, both ends included, by the books.
    uint256 public mostVolume;
    uint256 public mostLoss;
    uint256 public mostGas;

    /// @notice What happened though it must not; empty as long as all is well.
    string public wrong;

    /// @notice What the escrow should hold, by the books; native and wrapped SEI together under the wrapper.
    mapping(address token => uint256) public expected;

    /// @notice Wei the actor should have.
    uint256 public gasPaid;

    uint256 public swaps;
    uint256 public draws;
    uint256 public mandates;

    Draw[] private _volumes;
    Draw[] private _losses;
    Draw[] private _gas;
    uint256 private _lastId;
    uint256 private _lastNonce;
    bool private _stopped;

    function begin() external {
        setUp();
        vm.deal(address(escrow), 500_000 ether);
        vm.deal(actor, 0);
        expected[address(usdc)] = 1_000_000 * USDC;
        expected[address(wsei)] = 1_500_000 ether;
        expected[address(weth)] = 1_000 ether;
        _lastNonce = escrow.nonce();
    }

    // ------------------------------------------------------------ the actor

    function trade(uint256 seed, uint256 usd, uint256 quality) external {
        (address tokenIn, address tokenOut) = (_token(seed % 3), _token((seed / 3) % 3));
        uint256 amountIn = _amountOf(tokenIn, bound(usd, 1, 60 * USD));
        uint256 give = (_amountOf(tokenOut, bound(usd, 1, 60 * USD)) * bound(quality, 9_800, 10_100)) / BPS;
        Trade memory order = _script(tokenIn, amountIn, tokenOut, give);
        order.id += (seed >> 8) % 3 == 0 ? (seed >> 16) % 1_100 : 0;
        Mandate memory held = mandate;
        vm.prank(actor);
        try escrow.swap(order, held) returns (uint256 spent, uint256 got) {
            _book(order, spent, got);
        } catch {}
    }

    function fund(uint256 amount, bool wrapped) external {
        amount = bound(amount, 1, 1.1 ether);
        vm.prank(actor);
        try escrow.fundActor(wrapped ? address(wsei) : NATIVE, amount) {
            if (!_allowed()) wrong = "gas without a mandate";
            expected[address(wsei)] -= amount;
            gasPaid += amount;
            ++draws;
            _gas.push(Draw(_now(), amount));
            mostGas = _most(_gas, mostGas);
        } catch {}
    }

    // ------------------------------------------------------------ owner, server, guardian, admin

    function adopt(uint256 seed) external {
        Mandate memory made = _next();
        made.tradeCap = uint48(bound(seed >> 8, 5 * USD, 50 * USD));
        made.dailyVolume = uint48(bound(seed >> 60, 10 * USD, 200 * USD));
        made.dailyLoss = uint48(bound(seed >> 120, USD / 10, 10 * USD));
        made.validUntil = uint40(_now() + bound(seed >> 180, 1 hours, 4 days));
        _adopt(made);
        _stopped = false;
        ++mandates;
        _watchNonce();
    }

    /// @dev Seldom, or nothing else would happen.
    function stop(uint256 seed) external {
        if (seed % 4 != 0) return;
        if (seed % 8 == 0) {
            vm.prank(server);
            escrow.drop();
        } else {
            escrow.revoke(escrow.nonce(), _signedRevoke(escrow.nonce()));
        }
        _stopped = true;
        _watchNonce();
    }

    /// @dev Seldom, as above.
    function pause(uint256 seed) external {
        bool paused = seed % 4 == 0;
        vm.prank(paused ? guardian : admin);
        if (paused) orchestrator.pause();
        else orchestrator.unpause();
    }

    function takeOut(uint256 seed, uint256 amount) external {
        address token = _token(seed % 3);
        amount = bound(amount, 1, _amountOf(token, 100 * USD));
        expected[token] -= amount;
        bool native = token == address(wsei) && seed % 2 == 0;
        vm.prank(seed % 5 == 0 ? server : owner);
        if (seed % 5 == 0) escrow.releaseFunds(native ? NATIVE : token, owner, amount);
        else escrow.withdraw(native ? NATIVE : token, owner, amount);
    }

    // ------------------------------------------------------------ the world

    function wait_(uint256 seconds_) external {
        _skip(bound(seconds_, 1, 8 hours));
    }

    /// @dev Feeds grow old.
    function sleep(uint256 seconds_) external {
        vm.warp(_now() + bound(seconds_, 1, 4 hours));
    }

    function move(uint256 seed, uint256 percent) external {
        TestFeed feed = seed % 2 == 0 ? seiFeed : wethFeed;
        _push(feed, int256((uint192(feed.answer()) * bound(percent, 85, 117)) / 100));
    }

    /// @dev Whoever it is, none of this may succeed.
    function attack(uint256 seed, uint32 upTo) external {
        address[4] memory crooks = [server, stranger, guardian, admin];
        address crook = crooks[seed % 4];
        (, uint256 key) = makeAddrAndKey("stranger");
        Mandate memory forged = _roomy();
        Trade memory order = _buy(20 * USDC);
        bytes[7] memory orders = [
            abi.encodeCall(CaretEscrow.withdraw, (address(usdc), crook, 1)),
            abi.encodeCall(CaretEscrow.releaseFunds, (address(usdc), crook, 1)),
            abi.encodeCall(CaretEscrow.fundActor, (NATIVE, 1)),
            abi.encodeCall(CaretEscrow.setMandate, (forged, _sign(key, escrow, _hashOf(forged)))),
            abi.encodeCall(CaretEscrow.revoke, (upTo, _sign(key, escrow, _hashOf(forged)))),
            abi.encodeCall(CaretEscrow.exit, (bytes32(seed), NATIVE)),
            abi.encodeCall(CaretEscrow.swap, (order, mandate))
        ];
        _mustFail(crook, orders[(seed >> 8) % 7]);
        _mustFail(actor, abi.encodeCall(CaretEscrow.swap, (order, forged)));
        order.data = abi.encode(
            _orders(address(usdc), 20 * USDC, address(wsei), 80 ether, stranger),
            _hops(address(usdc), address(wsei))
        );
        _mustFail(actor, abi.encodeCall(CaretEscrow.swap, (order, mandate)));
    }

    // ------------------------------------------------------------ the books

    function holding(address token) external view returns (uint256) {
        uint256 amount = IERC20(token).balanceOf(address(escrow));
        return token == address(wsei) ? amount + address(escrow).balance : amount;
    }

    function parts() external view returns (CaretEscrow, address[3] memory tokens, address[5] memory people) {
        return (
            escrow,
            [address(usdc), address(wsei), address(weth)],
            [actor, server, guardian, admin, stranger]
        );
    }

    function lastId() external view returns (uint256) {
        return _lastId;
    }

    function lastNonce() external view returns (uint256) {
        return _lastNonce;
    }

    function _book(Trade memory order, uint256 spent, uint256 got) private {
        if (!_allowed()) wrong = "a swap without a mandate";
        if (order.id <= _lastId) wrong = "an id used twice";
        _lastId = order.id;
        ++swaps;
        expected[order.tokenIn] -= spent;
        expected[order.tokenOut] += got;
        // Rounded in the actor's favour: the contract's own figures may be higher.
        uint256 value = _valueOf(order.tokenIn, spent, BPS);
        if (value > mandate.tradeCap) wrong = "over the trade cap";
        uint256 gave = _valueOf(order.tokenIn, spent, BPS + _epsilon(order.tokenIn));
        uint256 took = _valueOf(order.tokenOut, got, BPS - _epsilon(order.tokenOut)) + 1;
        _volumes.push(Draw(_now(), value));
        _losses.push(Draw(_now(), gave > took ? gave - took : 0));
        mostVolume = _most(_volumes, mostVolume);
        mostLoss = _most(_losses, mostLoss);
    }

    function _allowed() private view returns (bool) {
        return !_stopped && !orchestrator.tradingPaused() && _now() <= mandate.validUntil;
    }

    function _watchNonce() private {
        if (escrow.nonce() < _lastNonce) wrong = "the nonce fell";
        _lastNonce = escrow.nonce();
    }

    function _mustFail(address crook, bytes memory order) private {
        vm.prank(crook);
        (bool done, ) = address(escrow).call(order);
        if (done) wrong = "an attack";
    }

    /// @dev With the last draw as the end of the day.
    function _most(Draw[] storage all, uint256 most) private view returns (uint256) {
        uint256 sum = 0;
        for (uint256 i = all.length; i > 0 && all[i - 1].time + 1 days >= _now(); --i) sum += all[i - 1].amount;
        return sum > most ? sum : most;
    }

    function _token(uint256 number) private view returns (address) {
        return number == 0 ? address(usdc) : number == 1 ? address(wsei) : address(weth);
    }

    function _answer(address token) private view returns (uint256) {
        TestFeed feed = token == address(usdc) ? usdcFeed : token == address(wsei) ? seiFeed : wethFeed;
        return uint192(feed.answer());
    }

    function _scale(address token) private view returns (uint256) {
        return token == address(usdc) ? 1e8 : 1e20;
    }

    function _epsilon(address token) private view returns (uint256) {
        return token == address(usdc) ? 35 : 65;
    }

    function _amountOf(address token, uint256 usd) private view returns (uint256) {
        return (usd * _scale(token)) / _answer(token);
    }

    function _valueOf(address token, uint256 amount, uint256 bps) private view returns (uint256) {
        return (amount * _answer(token) * bps) / (_scale(token) * BPS);
    }
}
