// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ScriptedAdapter, ScriptedRouter} from "../test/ScriptedVenue.sol";
import {Mandates} from "../libraries/Mandates.sol";
import {Stage} from "./Stage.sol";

/// @notice The stage with one more venue, whose router takes and gives what a test says, to the base unit. Time is
///         asked of forge: the compiler takes `block.timestamp` for the same all through a function.
abstract contract Scripted is Stage {
    ScriptedAdapter internal adapter;
    ScriptedRouter internal router;

    /// @dev `exit` wants it; its hash is in the addresses of escrows opened with `_openWithExit`.
    bytes32 internal constant CODE = keccak256("an exit code");

    function setUp() public virtual override {
        super.setUp();
        adapter = new ScriptedAdapter();
        router = new ScriptedRouter();
        vm.prank(admin);
        orchestrator.listVenue(address(adapter), address(router));
        _skip(10 days);
        _stock(escrow);
        _adopt(_next());
    }

    // ------------------------------------------------------------ time and money

    function _now() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    /// @dev The feeds speak again then.
    function _skip(uint256 seconds_) internal {
        vm.warp(_now() + seconds_);
        _pushAll();
    }

    /// @dev Both the escrow and the router have plenty of everything.
    function _stock(CaretEscrow to) internal {
        address[2] memory both = [address(to), address(router)];
        for (uint256 i = 0; i < 2; ++i) {
            _give(address(usdc), both[i], 1_000_000 * USDC);
            _give(address(wsei), both[i], 1_000_000 ether);
            _give(address(weth), both[i], 1_000 ether);
        }
    }

    // ------------------------------------------------------------ mandates

    /// @dev As `_mandateOf`, one nonce on, from now, with the scripted venue.
    function _next() internal view returns (Mandate memory made) {
        made = _mandateOf(escrow.nonce() + 1);
        made.issuedAt = uint40(_now());
        made.validUntil = uint40(_now() + 30 days);
        made.signBy = uint40(_now() + 1 hours);
        made.adapters[2] = address(adapter);
    }

    function _signed(Mandate memory made) internal view returns (bytes memory) {
        return _sign(ownerKey, escrow, _hashOf(made));
    }

    function _signedRevoke(uint32 upTo) internal view returns (bytes memory) {
        return _sign(ownerKey, escrow, Mandates.hashOfRevoke(upTo));
    }

    /// @dev As the escrow keeps it.
    function _wordOf(Mandate memory made) internal view returns (bytes32) {
        return bytes32(((uint256(_hashOf(made)) >> 40) << 40) | made.validUntil);
    }

    /// @dev An unlimited mandate, but for what is asked to be small.
    function _roomy() internal view returns (Mandate memory made) {
        made = _next();
        made.tradeCap = made.dailyVolume = made.dailyLoss = type(uint48).max;
        made.slippageBps = 9_999;
    }

    // ------------------------------------------------------------ trades

    /// @dev Takes all of `take` and gives all of `give` to the escrow, and wants just that.
    function _script(
        address tokenIn,
        uint256 take,
        address tokenOut,
        uint256 give
    ) internal view returns (Trade memory trade) {
        trade = _trade(
            address(adapter),
            tokenIn,
            tokenOut,
            take,
            abi.encode(_orders(tokenIn, take, tokenOut, give, address(escrow)), _hops(tokenIn, tokenOut))
        );
        trade.deadline = _now();
        trade.minOut = give == 0 ? 1 : give;
    }

    function _orders(
        address tokenIn,
        uint256 take,
        address tokenOut,
        uint256 give,
        address to
    ) internal pure returns (bytes memory) {
        return abi.encodeCall(ScriptedRouter.trade, (IERC20(tokenIn), take, IERC20(tokenOut), give, to));
    }

    function _hops(address tokenIn, address tokenOut) internal pure returns (address[] memory hops) {
        hops = new address[](2);
        (hops[0], hops[1]) = (tokenIn, tokenOut);
    }

    /// @dev Buys SEI at the feeds' price: $20.
    function _fair() internal view returns (Trade memory) {
        return _buy(20 * USDC);
    }

    /// @dev Buys SEI at the feeds' price; costs 1 % of the loss budget.
    function _buy(uint256 usd) internal view returns (Trade memory) {
        return _script(address(usdc), usd, address(wsei), usd * 4e12);
    }

    function _refuses(Trade memory trade, bytes memory reason) internal {
        vm.expectRevert(reason);
        _swap(trade);
    }
}
