// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {Stage} from "./Stage.sol";

contract GasTest is Stage {
    function test_gas() external {
        _give(address(usdc), address(escrow), 1_000 * USDC);
        Trade memory t = _v3Trade(v3Adapter, address(usdc), address(wsei), 20 * USDC);
        _swap(t);
        vm.warp(block.timestamp + 1 days);
        _pushAll();
        t = _v3Trade(v3Adapter, address(usdc), address(wsei), 20 * USDC);
        Mandate memory held = mandate;
        vm.prank(actor);
        escrow.swap(t, held);
        say("swap", vm.lastCallGas().gasTotalUsed);
        _give(address(usdc), actor, 1_000 * USDC);
        vm.startPrank(actor);
        usdc.approve(v3Router02, type(uint256).max);
        IR(v3Router02).exactInput(IR.P(t.data, actor, 20 * USDC, 1));
        IR(v3Router02).exactInput(IR.P(t.data, actor, 20 * USDC, 1));
        say("direct", vm.lastCallGas().gasTotalUsed);
        vm.stopPrank();
        vm.prank(server);
        orchestrator.registerActor(uint256(uint160(stranger)), makeAddr("x"));
        say("register", vm.lastCallGas().gasTotalUsed);
    }
}
interface IR { struct P { bytes path; address recipient; uint256 amountIn; uint256 amountOutMinimum; } function exactInput(P calldata) external payable returns (uint256); }
