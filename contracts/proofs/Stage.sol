// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "./Forge.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {CaretEscrow} from "../CaretEscrow.sol";
import {CaretOrchestrator} from "../CaretOrchestrator.sol";
import {UniswapV2Adapter} from "../adapters/UniswapV2Adapter.sol";
import {UniswapV3Adapter} from "../adapters/UniswapV3Adapter.sol";
import {UniswapV3DeadlineAdapter} from "../adapters/UniswapV3DeadlineAdapter.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {ITokenFactory} from "../interfaces/ITokenFactory.sol";
import {IWSEI} from "../interfaces/IWSEI.sol";
import {Mandates} from "../libraries/Mandates.sol";
import {TestFeed, TestFeeds} from "../testnet/TestFeeds.sol";
import {TestToken} from "../testnet/TestToken.sol";
import {WSEI} from "../testnet/WSEI.sol";

interface IV2Factory {
    function createPair(address, address) external returns (address);
}

interface IV2Router {
    function addLiquidity(
        address,
        address,
        uint256,
        uint256,
        uint256,
        uint256,
        address,
        uint256
    ) external returns (uint256, uint256, uint256);
}

interface IV3Positions {
    struct Mint {
        address token0;
        address token1;
        uint24 fee;
        int24 tickLower;
        int24 tickUpper;
        uint256 amount0;
        uint256 amount1;
        uint256 min0;
        uint256 min1;
        address recipient;
        uint256 deadline;
    }

    function createAndInitializePoolIfNecessary(address, address, uint24, uint160) external payable returns (address);

    function mint(Mint calldata) external payable returns (uint256, uint128, uint256, uint256);
}

/// @notice The contracts beside the real Uniswap contracts, and who plays which part. SEI costs $0.25, WETH $4,000.
abstract contract Stage is Test {
    address internal constant NATIVE = address(0);
    uint256 internal constant USDC = 1e6;
    uint256 internal constant USD = 1e6;
    uint256 internal constant T0 = 1_800_000_000;

    address internal admin = makeAddr("admin");
    address internal server = makeAddr("server");
    address internal guardian = makeAddr("guardian");
    address internal actor = makeAddr("actor");
    address internal stranger = makeAddr("stranger");
    address internal owner;
    uint256 internal ownerKey;

    WSEI internal wsei;
    TestToken internal usdc;
    TestToken internal weth;
    TestFeeds internal feeds;
    TestFeed internal seiFeed;
    TestFeed internal usdcFeed;
    TestFeed internal wethFeed;

    CaretOrchestrator internal orchestrator;
    CaretEscrow internal escrow;
    Mandate internal mandate;

    address internal v2Factory;
    address internal v2Router;
    address internal v3Factory;
    address internal v3Router02;
    address internal v3Router;
    address internal v3Positions;
    address internal v2Adapter;
    address internal v3Adapter;
    address internal v3DeadlineAdapter;

    function setUp() public virtual {
        vm.warp(T0);
        vm.deal(server, 100 ether);
        (owner, ownerKey) = makeAddrAndKey("owner");
        _deployTokens();
        _deployExchange();
        _deployOurs();
        escrow = _open(owner, actor);
        mandate = _mandateOf(1);
        _adopt(mandate);
    }

    // ------------------------------------------------------------ making things

    function _deployTokens() internal {
        wsei = new WSEI();
        usdc = new TestToken("USD Coin", "USDC", 6, address(this));
        weth = new TestToken("Wrapped Ether", "WETH", 18, address(this));
        feeds = new TestFeeds(address(this));
        seiFeed = feeds.create("SEI / USD", 0.25e8);
        usdcFeed = feeds.create("USDC / USD", 1e8);
        wethFeed = feeds.create("ETH / USD", 4_000e8);
    }

    function _deployExchange() internal {
        v2Factory = _published("@uniswap/v2-core/build/UniswapV2Factory.json", abi.encode(address(this)));
        v2Router = _published(
            "@uniswap/v2-periphery/build/UniswapV2Router02.json",
            abi.encode(v2Factory, address(wsei))
        );
        string memory v3 = "@uniswap/v3-periphery/artifacts/contracts/";
        v3Factory = _published(
            "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",
            ""
        );
        v3Positions = _published(
            string.concat(v3, "NonfungiblePositionManager.sol/NonfungiblePositionManager.json"),
            abi.encode(v3Factory, address(wsei), address(0))
        );
        v3Router = _published(
            string.concat(v3, "SwapRouter.sol/SwapRouter.json"),
            abi.encode(v3Factory, address(wsei))
        );
        v3Router02 = _published(
            "@uniswap/swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02.json",
            abi.encode(v2Factory, v3Factory, v3Positions, address(wsei))
        );
        _v2Pool(address(wsei), 2_000_000e18, address(usdc), 500_000e6);
        _v2Pool(address(weth), 125e18, address(usdc), 500_000e6);
        _v3Pool(address(wsei), 2_000_000e18, address(usdc), 500_000e6, 3000);
        _v3Pool(address(weth), 125e18, address(usdc), 500_000e6, 3000);
    }

    function _deployOurs() internal virtual {
        orchestrator = new CaretOrchestrator(
            admin,
            server,
            guardian,
            IERC20(address(usdc)),
            IWSEI(address(wsei)),
            ITokenFactory(address(0))
        );
        v2Adapter = address(new UniswapV2Adapter());
        v3Adapter = address(new UniswapV3Adapter());
        v3DeadlineAdapter = address(new UniswapV3DeadlineAdapter());
        vm.startPrank(admin);
        orchestrator.listToken("SEI", address(wsei), address(seiFeed), 22_000, 65, _code(0.05e8), _code(2e8));
        orchestrator.listToken("USDC", address(usdc), address(usdcFeed), 22_000, 35, _code(0.9e8), _code(1.1e8));
        orchestrator.listToken("WETH", address(weth), address(wethFeed), 22_000, 65, _code(800e8), _code(30_000e8));
        orchestrator.listVenue(v2Adapter, v2Router);
        orchestrator.listVenue(v3Adapter, v3Router02);
        orchestrator.listVenue(v3DeadlineAdapter, v3Router);
        orchestrator.seal();
        vm.stopPrank();
        vm.warp(T0 + 8 days);
        _pushAll();
    }

    function _open(address owner_, address actor_) internal returns (CaretEscrow) {
        vm.prank(server);
        return CaretEscrow(payable(orchestrator.registerActor(uint256(uint160(owner_)), actor_)));
    }

    function _openWithExit(address owner_, address actor_, bytes32 code) internal returns (CaretEscrow) {
        vm.prank(server);
        return
            CaretEscrow(
                payable(
                    orchestrator.registerActorWithExit(
                        uint256(uint160(owner_)),
                        actor_,
                        keccak256(abi.encode(code))
                    )
                )
            );
    }

    // ------------------------------------------------------------ mandates

    /// @dev $50 a trade, $200 and at most $10 loss a day, 1.5 % slippage, for 30 days, everything listed.
    function _mandateOf(uint32 nonce) internal view returns (Mandate memory made) {
        made.nonce = nonce;
        made.issuedAt = uint40(block.timestamp);
        made.validUntil = uint40(block.timestamp + 30 days);
        made.signBy = uint40(block.timestamp + 1 hours);
        made.slippageBps = 150;
        made.tradeCap = uint48(50 * USD);
        made.dailyVolume = uint48(200 * USD);
        made.dailyLoss = uint48(10 * USD);
        made.tokens = new address[](3);
        (made.tokens[0], made.tokens[1], made.tokens[2]) = (address(wsei), address(usdc), address(weth));
        made.adapters = new address[](3);
        (made.adapters[0], made.adapters[1], made.adapters[2]) = (v2Adapter, v3Adapter, v3DeadlineAdapter);
    }

    function _adopt(Mandate memory made) internal {
        escrow.setMandate(made, _sign(ownerKey, escrow, _hashOf(made)));
        mandate = made;
    }

    function _hashOf(Mandate memory made) internal view returns (bytes32) {
        return this.hashOf(made);
    }

    function hashOf(Mandate calldata made) external pure returns (bytes32) {
        return Mandates.hashOf(made);
    }

    /// @dev Written anew from EIP-712, to check the contract's own.
    function _sign(uint256 key, CaretEscrow for_, bytes32 structHash) internal view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Sei Trader Escrow"),
                keccak256("1"),
                block.chainid,
                address(for_)
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        return abi.encodePacked(r, s, v);
    }

    // ------------------------------------------------------------ trades

    function _v2Trade(address tokenIn, address tokenOut, uint256 amountIn) internal view returns (Trade memory) {
        address[] memory path = new address[](2);
        (path[0], path[1]) = (tokenIn, tokenOut);
        return _trade(v2Adapter, tokenIn, tokenOut, amountIn, abi.encode(path));
    }

    function _v3Trade(
        address adapter,
        address tokenIn,
        address tokenOut,
        uint256 amountIn
    ) internal view returns (Trade memory) {
        return _trade(adapter, tokenIn, tokenOut, amountIn, abi.encodePacked(tokenIn, uint24(3000), tokenOut));
    }

    function _trade(
        address adapter,
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        bytes memory data
    ) internal view returns (Trade memory) {
        uint256 id = escrow.sequence() + 1;
        return Trade(id, block.timestamp, adapter, tokenIn, tokenOut, amountIn, 1, data);
    }

    function _swap(Trade memory trade) internal returns (uint256 spent, uint256 got) {
        Mandate memory held = mandate;
        vm.prank(actor);
        return escrow.swap(trade, held);
    }

    // ------------------------------------------------------------ the world

    /// @dev All feeds say again what they said, now.
    function _pushAll() internal {
        _push(seiFeed, seiFeed.answer());
        _push(usdcFeed, usdcFeed.answer());
        _push(wethFeed, wethFeed.answer());
    }

    function _push(TestFeed feed, int256 answer) internal {
        TestFeed[] memory one = new TestFeed[](1);
        int256[] memory answers = new int256[](1);
        (one[0], answers[0]) = (feed, answer);
        feeds.push(one, answers);
    }

    /// @dev The lowest band code whose answer is at least `answer`.
    function _code(uint256 answer) internal pure returns (uint8 code) {
        for (code = 0; code < 255; ++code) {
            if ((8 + (uint256(code) & 7)) << ((code >> 3) + 12) >= answer) return code;
        }
    }

    function _give(address token, address to, uint256 amount) internal virtual {
        if (token == NATIVE) {
            vm.deal(to, to.balance + amount);
        } else if (token == address(wsei)) {
            vm.deal(address(this), amount);
            wsei.deposit{value: amount}();
            wsei.transfer(to, amount);
        } else {
            TestToken(token).mint(to, amount);
        }
    }

    function _published(string memory path, bytes memory arguments) internal returns (address made) {
        string memory json = vm.readFile(string.concat(vm.projectRoot(), "/node_modules/", path));
        bytes memory code = abi.encodePacked(vm.parseJsonBytes(json, ".bytecode"), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        require(made != address(0), path);
    }

    function _v2Pool(address a, uint256 amountA, address b, uint256 amountB) internal {
        _give(a, address(this), amountA);
        _give(b, address(this), amountB);
        IERC20(a).approve(v2Router, amountA);
        IERC20(b).approve(v2Router, amountB);
        IV2Router(v2Router).addLiquidity(a, b, amountA, amountB, 0, 0, address(this), type(uint256).max);
    }

    function _v3Pool(address a, uint256 amountA, address b, uint256 amountB, uint24 fee) internal {
        _give(a, address(this), amountA);
        _give(b, address(this), amountB);
        if (a > b) (a, amountA, b, amountB) = (b, amountB, a, amountA);
        IERC20(a).approve(v3Positions, amountA);
        IERC20(b).approve(v3Positions, amountB);
        uint160 price = uint160((_sqrt((amountB << 96) / amountA)) << 48);
        IV3Positions(v3Positions).createAndInitializePoolIfNecessary(a, b, fee, price);
        IV3Positions(v3Positions).mint(
            IV3Positions.Mint(a, b, fee, -887_220, 887_220, amountA, amountB, 0, 0, address(this), type(uint256).max)
        );
    }

    function _sqrt(uint256 x) internal pure returns (uint256 y) {
        uint256 z = (x + 1) / 2;
        y = x;
        while (z < y) (y, z) = (z, (x / z + z) / 2);
    }
}
