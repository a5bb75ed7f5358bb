// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {BalanceLens} from "../BalanceLens.sol";
import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {BrokenToken, CallingToken, FalseToken, FeeOnTopToken, FeeOnTransferToken, OddToken, SilentToken} from "../test/OddTokens.sol";
import {Puppet} from "../test/Puppet.sol";
import {BlocklistingToken, PausingToken, RebasingToken} from "./IssuerTokens.sol";
import {Scripted} from "./Scripted.sol";

/// @notice The tokens of the wild, listed at a dollar each: what counts is what balances do.
contract TokensTest is Scripted {
    // ------------------------------------------------------------ fees

    function test_a_fee_on_transfer_counts_as_a_loss_of_what_arrives_less() external {
        FeeOnTransferToken odd = new FeeOnTransferToken();
        _cover(odd);
        Trade memory trade = _script(address(usdc), 20 * USDC, address(odd), 20 ether);
        _refuses(trade, abi.encodeWithSelector(Refusal.TooLittleReceived.selector, 19.8 ether, 20 ether));
        trade.minOut = 19.8 ether;
        (, uint256 got) = _swap(trade);
        vm.assertEq(got, 19.8 ether);
        (uint256 loss, , , , ) = escrow.status();
        // 20 * 1.0035 - 19.8 * 0.9965
        vm.assertEq(loss, 0.3393e6);
    }

    function test_a_fee_on_transfer_is_spent_like_any_other() external {
        FeeOnTransferToken odd = new FeeOnTransferToken();
        _cover(odd);
        (uint256 spent, ) = _swap(_script(address(odd), 20 ether, address(usdc), 20 * USDC));
        vm.assertEq(spent, 20 ether);
    }

    function test_a_fee_on_top_counts_as_spent() external {
        FeeOnTopToken odd = new FeeOnTopToken();
        _cover(odd);
        Trade memory trade = _script(address(odd), 20 ether, address(usdc), 20 * USDC);
        _refuses(trade, abi.encodeWithSelector(Refusal.Overspent.selector, 20.2 ether, 20 ether));
        trade.amountIn = 20.2 ether;
        (uint256 spent, ) = _swap(trade);
        vm.assertEq(spent, 20.2 ether);
        (, uint256 volume, , , ) = escrow.status();
        vm.assertEq(volume, 20.2e6);
    }

    // ------------------------------------------------------------ answers

    function test_a_silent_token_is_bought_sold_and_withdrawn() external {
        SilentToken odd = new SilentToken();
        _cover(odd);
        _swap(_script(address(odd), 20 ether, address(usdc), 20 * USDC));
        // It wants its allowance back at zero before the next one, and one is left.
        vm.assertEq(odd.allowance(address(escrow), address(router)), 1);
        _swap(_script(address(odd), 20 ether, address(usdc), 20 * USDC));
        _swap(_script(address(usdc), 20 * USDC, address(odd), 20 ether));
        vm.prank(owner);
        escrow.withdraw(address(odd), owner, 5 ether);
        vm.assertEq(odd.balanceOf(owner), 5 ether);
    }

    function test_a_token_that_answers_false_was_not_received() external {
        FalseToken odd = new FalseToken();
        _cover(odd);
        _refuses(
            _script(address(usdc), 20 * USDC, address(odd), 20 ether),
            abi.encodeWithSelector(Refusal.TooLittleReceived.selector, 0, 20 ether)
        );
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSignature("SafeERC20FailedOperation(address)", address(odd)));
        escrow.withdraw(address(odd), owner, 1);
        vm.prank(server);
        vm.expectRevert(abi.encodeWithSignature("SafeERC20FailedOperation(address)", address(odd)));
        escrow.releaseFunds(address(odd), owner, 1);
    }

    // ------------------------------------------------------------ callbacks

    function test_a_token_that_calls_its_actor_back_finds_every_door_shut() external {
        CallingToken odd = new CallingToken();
        Puppet puppet = new Puppet();
        actor = address(puppet);
        escrow = _open(owner, actor);
        _stock(escrow);
        _cover(odd);
        odd.setListener(address(puppet));
        Trade memory trade = _script(address(usdc), 1 * USDC, address(odd), 1 ether);
        Trade memory inner = _script(address(usdc), 1 * USDC, address(wsei), 4 ether);
        inner.id = trade.id + 1;
        _findsShut(puppet, trade, abi.encodeCall(CaretEscrow.swap, (inner, mandate)));
        _findsShut(puppet, trade, abi.encodeCall(CaretEscrow.fundActor, (NATIVE, 1)));
        Mandate memory made = _next();
        _findsShut(puppet, trade, abi.encodeCall(CaretEscrow.setMandate, (made, _signed(made))));
        _findsShut(puppet, trade, abi.encodeCall(CaretEscrow.revoke, (9, _signedRevoke(9))));
        _findsShut(puppet, trade, abi.encodeCall(CaretEscrow.exit, (CODE, NATIVE)));
    }

    function test_a_token_that_calls_its_owner_or_server_back_finds_every_door_shut() external {
        CallingToken odd = new CallingToken();
        Puppet puppet = new Puppet();
        vm.prank(admin);
        orchestrator.setServer(address(puppet));
        _cover(odd);
        odd.setListener(address(puppet));
        Trade memory trade = _script(address(usdc), 1 * USDC, address(odd), 1 ether);
        _findsShut(puppet, trade, abi.encodeCall(CaretEscrow.releaseFunds, (address(usdc), owner, 1)));
        _findsShut(puppet, trade, abi.encodeCall(CaretEscrow.drop, ()));
        Puppet holder = new Puppet();
        actor = makeAddr("another actor");
        vm.prank(admin);
        orchestrator.setServer(server);
        escrow = _open(address(holder), actor);
        _give(address(usdc), address(escrow), 5);
        odd.mint(address(escrow), 5);
        odd.setListener(address(holder));
        holder.arm(address(escrow), abi.encodeCall(CaretEscrow.withdraw, (address(usdc), address(holder), 5)));
        holder.run(address(escrow), abi.encodeCall(CaretEscrow.withdraw, (address(odd), address(holder), 5)));
        vm.assertTrue(holder.touched() && !holder.succeeded());
        vm.assertEq(usdc.balanceOf(address(escrow)), 5);
    }

    // ------------------------------------------------------------ issuers

    function test_a_token_stopped_by_its_issuer_stops_nothing_else() external {
        PausingToken odd = new PausingToken();
        _cover(odd);
        odd.setPaused(true);
        bytes memory reason = abi.encodeWithSelector(PausingToken.Stopped.selector);
        _refuses(_script(address(odd), 20 ether, address(usdc), 20 * USDC), reason);
        _refuses(_script(address(usdc), 20 * USDC, address(odd), 20 ether), reason);
        vm.prank(owner);
        vm.expectRevert(reason);
        escrow.withdraw(address(odd), owner, 1);
        _swap(_fair());
        vm.prank(owner);
        escrow.withdraw(address(usdc), owner, 1);
        odd.setPaused(false);
        vm.prank(owner);
        escrow.withdraw(address(odd), owner, type(uint256).max);
        vm.assertEq(odd.balanceOf(owner), 1_000_000 ether);
    }

    function test_a_blocked_owner_withdraws_to_somebody_else() external {
        BlocklistingToken odd = new BlocklistingToken();
        _cover(odd);
        odd.setBlocked(owner, true);
        bytes memory reason = abi.encodeWithSelector(BlocklistingToken.Blocked.selector, owner);
        vm.prank(server);
        vm.expectRevert(reason);
        escrow.releaseFunds(address(odd), owner, 1);
        vm.startPrank(owner);
        vm.expectRevert(reason);
        escrow.withdraw(address(odd), owner, 1);
        escrow.withdraw(address(odd), stranger, 1);
        escrow.withdraw(address(usdc), owner, 1);
        vm.stopPrank();
        vm.assertEq(odd.balanceOf(stranger), 1);
    }

    function test_a_blocked_token_does_not_hold_up_an_exit_from_the_others() external {
        BlocklistingToken odd = new BlocklistingToken();
        escrow = _openWithExit(owner, makeAddr("another actor"), CODE);
        odd.mint(address(escrow), 5);
        _give(address(usdc), address(escrow), 5);
        odd.setBlocked(owner, true);
        vm.expectRevert(abi.encodeWithSelector(BlocklistingToken.Blocked.selector, owner));
        escrow.exit(CODE, address(odd));
        (, bool exited) = escrow.stopped();
        vm.assertTrue(!exited);
        escrow.exit(CODE, address(usdc));
        (, exited) = escrow.stopped();
        vm.assertTrue(exited);
        vm.assertEq(usdc.balanceOf(owner), 5);
    }

    function test_what_a_rebase_takes_is_not_there_to_be_spent() external {
        RebasingToken odd = new RebasingToken();
        _cover(odd);
        odd.rebase(50);
        vm.assertEq(escrow.balance(address(odd)), 500_000 ether);
        // A transfer of twenty moves ten that can be seen.
        (uint256 spent, ) = _swap(_script(address(odd), 20 ether, address(usdc), 20 * USDC));
        vm.assertEq(spent, 10 ether);
        (, uint256 volume, , , ) = escrow.status();
        vm.assertEq(volume, 10 * USD);
    }

    // ------------------------------------------------------------ the lens

    function test_the_lens_reads_holder_by_holder_and_never_guesses() external {
        BalanceLens lens = new BalanceLens();
        vm.deal(stranger, 3);
        _give(address(usdc), stranger, 7);
        address[] memory tokens = _hops(address(usdc), NATIVE);
        uint256[] memory read = lens.balances(_hops(stranger, address(escrow)), tokens);
        vm.assertEq(read.length, 4);
        vm.assertEq(read[0], 7);
        vm.assertEq(read[1], 3);
        vm.assertEq(read[2], 1_000_000 * USDC);
        vm.assertEq(read[3], 0);
        tokens[0] = address(new BrokenToken());
        vm.expectRevert(abi.encodeWithSelector(Refusal.BalanceUnreadable.selector, tokens[0], owner));
        lens.balances(_hops(owner, stranger), tokens);
        tokens[0] = actor;
        vm.expectRevert(abi.encodeWithSelector(Refusal.BalanceUnreadable.selector, actor, owner));
        lens.balances(_hops(owner, stranger), tokens);
    }

    // ------------------------------------------------------------ inside

    /// @dev Lists it at a dollar, puts it into the mandate, and gives escrow and router a million.
    function _cover(OddToken odd) private {
        vm.prank(admin);
        orchestrator.listToken("ODD", address(odd), address(usdcFeed), 22_000, 35, _code(0.9e8), _code(1.1e8));
        _skip(2 days);
        odd.mint(address(escrow), 1_000_000 ether);
        odd.mint(address(router), 1_000_000 ether);
        Mandate memory made = _next();
        made.tokens[2] = address(odd);
        _adopt(made);
    }

    /// @dev Whoever is called back in the middle of `trade` makes `order`, and is refused.
    function _findsShut(Puppet puppet, Trade memory trade, bytes memory order) private {
        puppet.arm(address(escrow), order);
        trade.deadline = _now();
        trade.id = escrow.sequence() + 1;
        _swap(trade);
        vm.assertTrue(puppet.touched() && !puppet.succeeded());
        vm.assertEq(puppet.answer(), abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
    }
}
