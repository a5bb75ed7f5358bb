// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {Stage} from "./Stage.sol";

interface IDirectV2 {
    function swapExactTokensForTokens(
        uint256,
        uint256,
        address[] calldata,
        address,
        uint256
    ) external returns (uint256[] memory);

    function swapExactETHForTokens(
        uint256,
        address[] calldata,
        address,
        uint256
    ) external payable returns (uint256[] memory);
}

interface IDirectV3 {
    struct Input {
        bytes path;
        address recipient;
        uint256 amountIn;
        uint256 amountOutMinimum;
    }

    function exactInput(Input calldata) external payable returns (uint256);
}

interface IDirectV3Deadline {
    struct Input {
        bytes path;
        address recipient;
        uint256 deadline;
        uint256 amountIn;
        uint256 amountOutMinimum;
    }

    function exactInput(Input calldata) external payable returns (uint256);
}

interface IPools {
    function getPair(address, address) external view returns (address);

    function getPool(address, address, uint24) external view returns (address);
}

/// @notice A random sequence of valid trades, each played twice from the same state: by somebody on the router, and by
///         the actor through the escrow. Fills, what is spent, and what the pools look like after must be the same.
contract DifferentialTest is Stage {
    uint24 private constant FEE = 3000;
    uint256 private constant KINDS = 3;

    struct Case {
        uint256 kind;
        address[] path;
        uint256 amount;
        bool native;
    }

    uint256 private _dice;
    mapping(uint256 kind => uint256) private _tried;
    uint256 private _twoHops;
    uint256 private _natives;

    function test_sameFills() external {
        _adopt(_wideMandate());
        _fill(address(escrow));
        _dice = vm.envOr("DIFFERENTIAL_SEED", uint256(1));
        uint256 trades = vm.envOr("DIFFERENTIAL_TRADES", uint256(96));
        for (uint256 i = 0; i < trades; ++i) this.compareOne();
        for (uint256 kind = 0; kind < KINDS; ++kind) vm.assertTrue(_tried[kind] > 0, "a router was never tried");
        vm.assertTrue(_twoHops > 0 && _natives > 0, "no two hops, or no native SEI");
        say("trades compared", trades);
        say("of two hops", _twoHops);
        say("out of native SEI", _natives);
    }

    function compareOne() external {
        require(msg.sender == address(this));
        vm.warp(block.timestamp + _roll(600));
        _pushAll();
        Case memory case_ = _draw();
        address last = case_.path[case_.path.length - 1];
        uint256 state = vm.snapshotState();
        uint256 wanted = _trade(case_);
        bytes32 pools = _pools();
        vm.revertToState(state);
        if (case_.native) _hideWrapped();
        uint256 spentBefore = _held(case_.path[0]);
        uint256 gotBefore = IERC20(last).balanceOf(address(escrow));
        (uint256 spent, uint256 got) = _swap(_asTrade(case_));
        vm.assertEq(got, wanted, "another fill than on the router");
        vm.assertEq(spent, case_.amount, "another amount spent than on the router");
        vm.assertEq(spentBefore - _held(case_.path[0]), spent, "not what left the escrow");
        vm.assertEq(IERC20(last).balanceOf(address(escrow)) - gotBefore, got, "not what reached the escrow");
        vm.assertTrue(_pools() == pools, "the pools look different after");
        ++_tried[case_.kind];
        if (case_.path.length == 3) ++_twoHops;
        if (case_.native) ++_natives;
    }

    // ------------------------------------------------------------ cases

    function _draw() private returns (Case memory case_) {
        case_.kind = _roll(KINDS);
        address[3] memory ends = [address(wsei), address(weth), address(usdc)];
        uint256 from = _roll(3);
        uint256 to = (from + 1 + _roll(2)) % 3;
        // The pools are those of USDC: between the others it is the hop.
        bool straight = from == 2 || to == 2;
        case_.path = new address[](straight ? 2 : 3);
        case_.path[0] = ends[from];
        if (!straight) case_.path[1] = address(usdc);
        case_.path[case_.path.length - 1] = ends[to];
        // From a cent to a hundred dollars, evenly by size.
        uint256 cents = 10 ** _roll(4) * (1 + _roll(10));
        case_.amount = (cents * [uint256(0.04e18), 0.0000025e18, 0.01e6][from] * (90 + _roll(20))) / 100 + _roll(1000);
        case_.native = from == 0 && _roll(2) == 0;
    }

    function _asTrade(Case memory case_) private view returns (Trade memory trade) {
        address adapter = [v2Adapter, v3Adapter, v3DeadlineAdapter][case_.kind];
        bytes memory data = case_.kind == 0 ? abi.encode(case_.path) : _packed(case_.path);
        address last = case_.path[case_.path.length - 1];
        trade = Stage._trade(adapter, case_.path[0], last, case_.amount, data);
    }

    /// @return got by somebody who does the same without us
    function _trade(Case memory case_) private returns (uint256 got) {
        address to = stranger;
        address router = [v2Router, v3Router02, v3Router][case_.kind];
        IERC20 last = IERC20(case_.path[case_.path.length - 1]);
        _give(case_.native ? NATIVE : case_.path[0], to, case_.amount);
        uint256 before = last.balanceOf(to);
        uint256 value = case_.native ? case_.amount : 0;
        bytes memory path = _packed(case_.path);
        vm.startPrank(to);
        IERC20(case_.path[0]).approve(router, case_.amount);
        if (case_.kind == 1) {
            IDirectV3(router).exactInput{value: value}(IDirectV3.Input(path, to, case_.amount, 1));
        } else if (case_.kind == 2) {
            IDirectV3Deadline(router).exactInput{value: value}(
                IDirectV3Deadline.Input(path, to, block.timestamp, case_.amount, 1)
            );
        } else if (case_.native) {
            IDirectV2(router).swapExactETHForTokens{value: value}(1, case_.path, to, block.timestamp);
        } else {
            IDirectV2(router).swapExactTokensForTokens(case_.amount, 1, case_.path, to, block.timestamp);
        }
        vm.stopPrank();
        got = last.balanceOf(to) - before;
    }

    // ------------------------------------------------------------ means

    function _wideMandate() private view returns (Mandate memory wide) {
        wide = _mandateOf(2);
        wide.slippageBps = 5_000;
        wide.tradeCap = uint48(1_000_000 * USD);
        (wide.dailyVolume, wide.dailyLoss) = (uint48(100_000_000 * USD), uint48(100_000_000 * USD));
    }

    function _fill(address to) private {
        _give(address(usdc), to, 1_000_000 * USDC);
        _give(address(weth), to, 1_000e18);
        _give(address(wsei), to, 1_000_000e18);
        _give(NATIVE, to, 1_000_000e18);
    }

    /// @dev The owner takes all wrapped SEI out and brings it in again as native SEI.
    function _hideWrapped() private {
        uint256 wrapped = wsei.balanceOf(address(escrow));
        if (wrapped == 0) return;
        vm.prank(owner);
        escrow.withdraw(address(wsei), owner, wrapped);
        _give(NATIVE, address(escrow), wrapped);
    }

    function _held(address token) private view returns (uint256 amount) {
        amount = IERC20(token).balanceOf(address(escrow));
        if (token == address(wsei)) amount += address(escrow).balance;
    }

    function _pools() private view returns (bytes32) {
        return keccak256(abi.encode(_poolsWith(address(wsei)), _poolsWith(address(weth))));
    }

    function _poolsWith(address token) private view returns (bytes memory) {
        address pair = IPools(v2Factory).getPair(token, address(usdc));
        address pool = IPools(v3Factory).getPool(token, address(usdc), FEE);
        (, bytes memory reserves) = pair.staticcall(abi.encodeWithSignature("getReserves()"));
        (, bytes memory price) = pool.staticcall(abi.encodeWithSignature("slot0()"));
        (, bytes memory fees) = pool.staticcall(abi.encodeWithSignature("feeGrowthGlobal0X128()"));
        return abi.encode(reserves, price, fees);
    }

    function _packed(address[] memory path) private pure returns (bytes memory packed) {
        packed = abi.encodePacked(path[0]);
        for (uint256 i = 1; i < path.length; ++i) packed = abi.encodePacked(packed, FEE, path[i]);
    }

    function _roll(uint256 sides) private returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % sides;
    }
}
