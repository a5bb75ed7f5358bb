// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {CaretEscrow} from "../CaretEscrow.sol";
import {ICaretOrchestrator} from "../interfaces/ICaretOrchestrator.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {ISwapAdapter} from "../interfaces/ISwapAdapter.sol";
import {IWSEI} from "../interfaces/IWSEI.sol";
import {Listing, TokenListing} from "../libraries/Listing.sol";
import {Mandates} from "../libraries/Mandates.sol";
import {Test} from "./Forge.sol";

/// @notice Balances that halmos can follow. Also a router, which takes and gives what its caller asked for.
contract SymbolicToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function set(address holder, uint256 amount) external {
        balanceOf[holder] = amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

contract SymbolicRouter {
    function trade(SymbolicToken tokenIn, uint256 take, SymbolicToken tokenOut, uint256 give) external {
        tokenIn.transferFrom(msg.sender, address(this), take);
        tokenOut.transfer(msg.sender, give);
    }
}

/// @notice Answers a dollar, now.
contract SymbolicFeed {
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, 1e8, block.timestamp, block.timestamp, 1);
    }
}

/// @notice An orchestrator that allows everything: what holds beside it is the escrow's own doing.
contract SymbolicOrchestrator {
    address public server;
    address public actor;
    address public router;
    address public feed;
    bool public tradingPaused;
    mapping(address => address) public escrows;

    constructor(address server_, address router_, address feed_) {
        (server, router, feed) = (server_, router_, feed_);
    }

    function register(address actor_, address escrow) external {
        escrows[actor_] = escrow;
    }

    function route(
        address actor_,
        address,
        address[] calldata,
        uint256
    ) external view returns (address, TokenListing, TokenListing) {
        require(escrows[actor_] == msg.sender);
        TokenListing listing = Listing.packToken(feed, 6, 1, 35, 0, 255, 0);
        return (router, listing, listing);
    }
}

/// @notice Passes on the call it is given as a path, as one from the one token to the other.
contract SymbolicAdapter {
    address private immutable _from;
    address private immutable _to;

    constructor(address from, address to) {
        (_from, _to) = (from, to);
    }

    function encode(ISwapAdapter.Swap calldata swap) external view returns (bytes memory, address[] memory hops) {
        hops = new address[](2);
        (hops[0], hops[1]) = (_from, _to);
        return (swap.path, hops);
    }
}

/// @notice For every value at once, by halmos: `python -m scripts.prove.symbolic`.
contract SymbolicTest is Test {
    address private constant OWNER = address(0x1000000000000000000001);
    address private constant ACTOR = address(0x2000000000000000000002);
    address private constant SERVER = address(0x3000000000000000000003);
    bytes32 private constant CODE = keccak256("code");
    uint256 private constant CAP = 50e6;
    uint256 private constant UNTIL = 2_000_000_000;

    SymbolicToken private _in;
    SymbolicToken private _out;
    SymbolicRouter private _router;
    SymbolicOrchestrator private _orchestrator;
    SymbolicAdapter private _adapter;
    CaretEscrow private _escrow;
    Mandate private _mandate;

    function setUp() public {
        (_in, _out, _router) = (new SymbolicToken(), new SymbolicToken(), new SymbolicRouter());
        _orchestrator = new SymbolicOrchestrator(SERVER, address(_router), address(new SymbolicFeed()));
        _adapter = new SymbolicAdapter(address(_in), address(_out));
        CaretEscrow code = new CaretEscrow(ICaretOrchestrator(address(_orchestrator)), IWSEI(address(_in)));
        bytes memory arguments = abi.encodePacked(OWNER, keccak256(abi.encode(CODE)), uint96(0));
        _escrow = CaretEscrow(payable(Clones.cloneWithImmutableArgs(address(code), arguments)));
        _orchestrator.register(ACTOR, address(_escrow));
        _in.set(address(_escrow), 1e30);
        _out.set(address(_router), 1e30);
        _mandate.nonce = 1;
        _mandate.validUntil = uint40(UNTIL);
        _mandate.slippageBps = 150;
        _mandate.tradeCap = uint48(CAP);
        _mandate.dailyVolume = 200e6;
        _mandate.dailyLoss = 10e6;
        _mandate.tokens.push(address(_in));
        _mandate.tokens.push(address(_out));
        _mandate.adapters.push(address(_adapter));
        // What `setMandate` leaves behind: nonce 1 and nothing in the buckets, and the mandate's word.
        bytes32 word = bytes32(((uint256(this.hashOf(_mandate)) >> 40) << 40) | UNTIL);
        vm.store(address(_escrow), bytes32(uint256(0)), bytes32(uint256(1) << 224));
        vm.store(address(_escrow), bytes32(uint256(1)), word);
        vm.warp(1_900_000_000);
    }

    /// @dev One figure at a time: several at once are beyond the solver. A token is a dollar, to six places.
    function check_no_swap_spends_more_than_the_trade_cap(uint32 take) external {
        vm.assume(take > CAP);
        (bool done, ) = _swap(ACTOR, 1, take, 60e6, type(uint32).max);
        assert(!done);
        assert(_in.balanceOf(address(_escrow)) == 1e30);
    }

    function check_no_swap_spends_more_than_was_asked(uint32 asked) external {
        (bool done, ) = _swap(ACTOR, 1, 20e6, 20e6, asked);
        assert(done == (asked >= 20e6));
    }

    function check_no_swap_receives_less_than_the_slippage_allows(uint32 give) external {
        (bool done, ) = _swap(ACTOR, 1, 20e6, give, 20e6);
        if (done) assert(give >= 19.7e6);
        assert(_out.balanceOf(address(_escrow)) == (done ? give : 0));
    }

    /// @dev The other way round is arithmetic beyond the solver; the unit tests have it.
    function check_no_swap_after_the_end_of_the_mandate(uint40 time, uint32 id) external {
        vm.assume(time >= 1_800_000_000);
        vm.warp(time);
        (bool done, ) = _swap(ACTOR, id, 1e6, 1e6, 1e6);
        if (done) assert(time <= UNTIL);
    }

    function check_the_actor_alone_swaps(address caller) external {
        (bool done, ) = _swap(caller, 1, 1e6, 1e6, 1e6);
        assert(done == (caller == ACTOR));
    }

    function check_an_id_is_used_once_and_within_the_window(uint256 id) external {
        (bool done, ) = _swap(ACTOR, id, 1e6, 1e6, 1e6);
        assert(done == (id > 0 && id <= 1024));
        assert(_escrow.sequence() == (done ? id : 0));
    }

    /// @dev Of another hash only 216 bits are kept, which halmos may take for the same: not so the end.
    function check_no_swap_under_a_mandate_with_another_end(uint40 until) external {
        vm.assume(until != UNTIL);
        _mandate.validUntil = until;
        (bool done, ) = _swap(ACTOR, 1, 1e6, 1e6, 1e6);
        assert(!done);
    }

    function check_no_swap_after_a_revocation(uint32 upTo, uint32 id) external {
        vm.prank(OWNER);
        (bool revoked, ) = address(_escrow).call(abi.encodeCall(CaretEscrow.revoke, (upTo, "")));
        assert(revoked == (upTo >= 1));
        (bool done, ) = _swap(ACTOR, id, 1e6, 1e6, 1e6);
        if (revoked) assert(!done);
    }

    function check_no_swap_after_a_drop(uint32 id) external {
        vm.prank(SERVER);
        _escrow.drop();
        (bool done, ) = _swap(ACTOR, id, 1e6, 1e6, 1e6);
        assert(!done);
    }

    function check_no_swap_after_an_exit(bytes32 code, uint32 id) external {
        (bool exited, ) = address(_escrow).call(abi.encodeCall(CaretEscrow.exit, (code, address(_out))));
        (bool done, ) = _swap(ACTOR, id, 1e6, 1e6, 1e6);
        assert(exited == (code == CODE));
        if (exited) assert(!done);
    }

    function check_the_owner_alone_withdraws(address caller, address to, uint128 amount) external {
        vm.assume(to != address(_escrow));
        uint256 before = _in.balanceOf(to);
        vm.prank(caller);
        (bool done, ) = address(_escrow).call(abi.encodeCall(CaretEscrow.withdraw, (address(_in), to, amount)));
        assert(done == (caller == OWNER && to != address(0) && amount > 0 && amount <= 1e30));
        if (done) {
            assert(_in.balanceOf(to) == before + amount);
            assert(_in.balanceOf(address(_escrow)) == 1e30 - uint256(amount));
        } else {
            assert(_in.balanceOf(address(_escrow)) == 1e30);
        }
    }

    function check_a_release_goes_to_the_owner_alone(address caller, address to, uint128 amount) external {
        vm.prank(caller);
        (bool done, ) = address(_escrow).call(abi.encodeCall(CaretEscrow.releaseFunds, (address(_in), to, amount)));
        assert(done == (to == OWNER && (caller == OWNER || caller == SERVER) && amount > 0 && amount <= 1e30));
        if (done) {
            assert(_in.balanceOf(OWNER) == amount);
        } else {
            assert(_in.balanceOf(address(_escrow)) == 1e30);
        }
    }

    function check_an_exit_pays_the_owner_alone(address caller, bytes32 code) external {
        vm.prank(caller);
        (bool done, ) = address(_escrow).call(abi.encodeCall(CaretEscrow.exit, (code, address(_in))));
        assert(done == (code == CODE));
        if (done) {
            assert(_in.balanceOf(OWNER) == 1e30);
        } else {
            assert(_in.balanceOf(address(_escrow)) == 1e30);
        }
    }

    /// @dev By forge: the world above is one in which a swap succeeds.
    function test_a_swap_succeeds_there() external {
        (bool done, ) = _swap(ACTOR, 1, 50e6, 49.5e6, 60e6);
        vm.assertTrue(done);
        vm.assertEq(_in.balanceOf(address(_escrow)), 1e30 - 50e6);
        vm.assertEq(_out.balanceOf(address(_escrow)), 49.5e6);
    }

    /// @dev What `Mandates.hashOf` wants is calldata.
    function hashOf(Mandate calldata mandate) external pure returns (bytes32) {
        return Mandates.hashOf(mandate);
    }

    function _swap(
        address caller,
        uint256 id,
        uint256 take,
        uint256 give,
        uint256 asked
    ) private returns (bool done, bytes memory answer) {
        bytes memory order = abi.encodeCall(
            SymbolicRouter.trade,
            (SymbolicToken(address(_in)), take, SymbolicToken(address(_out)), give)
        );
        Trade memory trade = Trade(
            id,
            type(uint256).max,
            address(_adapter),
            address(_in),
            address(_out),
            asked,
            1,
            order
        );
        Mandate memory mandate = _mandate;
        vm.prank(caller);
        return address(_escrow).call(abi.encodeCall(CaretEscrow.swap, (trade, mandate)));
    }
}
