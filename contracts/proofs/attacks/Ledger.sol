// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Mandate} from "../../interfaces/ICaretTypes.sol";
import {Hand} from "./Hand.sol";
import {Pools} from "./Pools.sol";

/// @notice Counts what the owner has lost at prices only this ledger knows, and holds it against the bound after every
///         call. Money that reached the owner is not lost; what an attacker gives away never makes up for a loss.
///         Values are in atto-USD (1e-18), true prices in 1e-12 USD for one whole token.
abstract contract Ledger is Pools {
    /// @dev How many families there are: the wanted calls are divided among them.
    uint256 internal constant FAMILIES = 38;
    uint256 internal constant DAYS = 5;
    uint256 internal constant ATTO_PER_MICRO = 1e12;
    uint256 internal constant DAILY_GAS = 2 ether;
    bytes32 internal constant CODE = "exit code";

    string internal family;
    uint256 internal wanted;
    uint256 internal calls;
    uint256 internal refused;
    uint256 internal loss;
    uint256 internal startedAt;
    /// @dev When trading was ended for good; zero before. From then on the bound stands still.
    uint256 internal stoppedAt;
    /// @dev Atto-USD a day: loss budget or, where that cannot be reached, the volume at the floor; and feeds' error.
    uint256 internal perDay;
    /// @dev Whether drawing gas is part of this family, and so of its bound.
    bool internal withGas;
    /// @dev Atto-USD that the contract's candid notes leave out: base units an allowance leaves behind.
    uint256 internal tolerated;

    /// @dev Whom the hostile token calls while a call of the attacker runs; not while it only moves its pools.
    address internal listener;
    mapping(address token => uint256) internal truth;
    /// @dev How far the true price of WETH has gone while its feed stood still; zero: it did not.
    int256 internal frozenBps;
    uint256 private _dice;

    // ------------------------------------------------------------ the terms

    /// @dev A new mandate with these limits, content to lose, and a ledger that starts now with full buckets.
    function _begin(string memory name, uint256 slippageBps, uint256 dailyVolume, uint256 dailyLoss) internal {
        Mandate memory made = _terms(mandate.nonce + 1, slippageBps, dailyVolume, dailyLoss);
        _adopt(made);
        _start(name, slippageBps, dailyVolume, dailyLoss);
    }

    /// @dev The same for an escrow whose terms are in force already.
    function _start(string memory name, uint256 slippageBps, uint256 dailyVolume, uint256 dailyLoss) internal {
        family = name;
        withGas = true;
        wanted = _callsWanted();
        _dice = uint256(keccak256(abi.encode(name, vm.envOr("ATTACKER_SEED", uint256(1)))));
        uint256 reachable = (dailyVolume * (slippageBps + _widest())) / BPS;
        perDay = (reachable < dailyLoss ? reachable : dailyLoss) * ATTO_PER_MICRO;
        startedAt = block.timestamp;
        _fill(address(escrow));
        _neutral();
    }

    /// @dev An escrow with an exit code and nothing signed: the contract's own limits, written anew.
    function _beginDefault(string memory name, address owner_) internal {
        actor = address(new Hand());
        escrow = _openWithExit(owner_, actor, CODE);
        mandate = _terms(0, 150, 200 * USD, 10 * USD);
        _start(name, 150, 200 * USD, 10 * USD);
    }

    /// @dev All that is there was taken, and from now on nothing may go.
    function _stop() internal {
        stoppedAt = block.timestamp;
    }

    function _terms(
        uint32 nonce,
        uint256 slippageBps,
        uint256 dailyVolume,
        uint256 dailyLoss
    ) internal view returns (Mandate memory made) {
        made = _mandateOf(nonce);
        made.slippageBps = uint16(slippageBps);
        made.dailyVolume = uint48(dailyVolume);
        made.dailyLoss = uint48(dailyLoss);
        address[] memory adapters = new address[](4);
        (adapters[0], adapters[1], adapters[2]) = (v2Adapter, v3Adapter, v3DeadlineAdapter);
        adapters[3] = scriptedAdapter;
        made.adapters = adapters;
    }

    function _callsWanted() internal view returns (uint256) {
        return vm.envOr("ATTACKER_CALLS", uint256(2000)) / FAMILIES + 1;
    }

    function _fill(address to) internal {
        _give(address(usdc), to, 10_000 * USDC);
        _give(address(weth), to, 2.5e18);
        _give(address(wsei), to, 20_000e18);
        _give(NATIVE, to, 20_000e18);
    }

    /// @dev Both epsilons of the widest pair, WETH and SEI.
    function _widest() internal pure returns (uint256) {
        return 130;
    }

    // ------------------------------------------------------------ the truth

    function _neutral() internal {
        _setTruth(address(wsei), 0);
        _setTruth(address(usdc), 0);
        _setTruth(address(weth), 0);
    }

    /// @dev The true prices an attacker prefers: each feed off by its epsilon.
    function _favour(address tokenIn, address tokenOut) internal {
        int256 off = tokenIn == address(weth) && frozenBps > 0 ? frozenBps : int256(_epsilonOf(tokenIn));
        _setTruth(tokenIn, off);
        _setTruth(tokenOut, -int256(_epsilonOf(tokenOut)));
    }

    function _setTruth(address token, int256 offBps) internal {
        truth[token] = _answer(token) * uint256(int256(BPS) + offBps);
    }

    function _epsilonOf(address token) internal view returns (uint256 bps) {
        (, , , bps, , , , ) = orchestrator.tokenListing(token);
    }

    /// @dev What escrow and owner have, at true prices.
    function _worth() internal view returns (uint256 value) {
        value = _worthOf(address(escrow)) + _worthOf(escrow.owner());
    }

    function _worthOf(address holder) internal view returns (uint256 value) {
        value = _valueOf(address(usdc), usdc.balanceOf(holder)) + _valueOf(address(weth), weth.balanceOf(holder));
        value += _valueOf(address(wsei), wsei.balanceOf(holder) + holder.balance);
    }

    function _valueOf(address token, uint256 amount) internal view returns (uint256) {
        return (amount * truth[token] * 1e6) / scaleOf[token];
    }

    // ------------------------------------------------------------ the bound

    /// @dev (L + mu V + G) (1 + t) / 2, rounded up: what has left the escrow, so without the actor's float.
    function _bound() internal view returns (uint256) {
        uint256 elapsed = (stoppedAt == 0 ? block.timestamp : stoppedAt) - startedAt;
        uint256 daily = perDay;
        if (withGas) daily += (DAILY_GAS * 0.25e8 * (BPS + 65)) / 1e12;
        return (daily * (1 days + elapsed)) / (2 days) + 1 + tolerated;
    }

    function _check() internal view {
        vm.assertLe(loss, _bound(), string.concat(family, ": the loss is above the bound"));
    }

    // ------------------------------------------------------------ calls

    /// @dev One call of the attacker (or of one it has misled), whatever comes of it.
    function _attempt(address by, address target, bytes memory data) internal returns (bool ok) {
        uint256 before = _worth();
        if (listener != address(0)) odd.setListener(listener);
        vm.prank(by);
        (ok, ) = target.call(data);
        if (listener != address(0)) odd.setListener(address(0));
        _count(ok, before);
    }

    function _count(bool ok, uint256 worthBefore) internal {
        ++calls;
        if (!ok) ++refused;
        uint256 worthAfter = _worth();
        if (worthAfter < worthBefore) loss += worthBefore - worthAfter;
        _check();
    }

    /// @dev A call that must be refused whenever it comes.
    function _mustFail(address by, address target, bytes memory data, string memory what) internal {
        bool ok = _attempt(by, target, data);
        vm.assertTrue(!ok, string.concat(family, ": went through: ", what));
    }

    function _roll(uint256 sides) internal returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % sides;
    }

    // ------------------------------------------------------------ the outcome

    /// @dev One line for people and scripts: family|name|calls|refused|loss|bound|, both in micro-USD.
    function _conclude() internal view {
        string memory counts = string.concat(vm.toString(calls), "|", vm.toString(refused), "|");
        string memory values = string.concat(
            vm.toString(loss / ATTO_PER_MICRO),
            "|",
            vm.toString(_bound() / ATTO_PER_MICRO)
        );
        _tell(string.concat("family|", family, "|", counts, values));
        vm.assertGe(calls, wanted, string.concat(family, ": too few calls"));
        vm.assertGe(loss * 10, _bound() * 9, string.concat(family, ": the attack is too weak"));
    }

    function _tell(string memory text) private view {
        (bool ignored, ) = 0x000000000000000000636F6e736F6c652e6c6f67.staticcall(
            abi.encodeWithSignature("log(string)", text)
        );
        ignored;
    }
}
