// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The cheatcodes of forge that the proofs use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function warp(uint256 timestamp) external;

    /// @dev Not `block.timestamp`, which the compiler takes for the same all through a test.
    function getBlockTimestamp() external view returns (uint256);

    function chainId(uint256 id) external;

    function deal(address account, uint256 balance) external;

    function etch(address account, bytes calldata code) external;

    function prank(address sender) external;

    function prank(address sender, address origin) external;

    function startPrank(address sender) external;

    function stopPrank() external;

    function addr(uint256 key) external pure returns (address);

    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function label(address account, string calldata name) external;

    function assume(bool condition) external pure;

    function expectRevert() external;

    function expectRevert(bytes calldata data) external;

    function expectRevert(bytes4 selector) external;

    function expectPartialRevert(bytes4 selector) external;

    function expectEmit() external;

    function expectEmit(address emitter) external;

    function expectCall(address callee, bytes calldata data, uint64 count) external;

    function recordLogs() external;

    function getRecordedLogs() external returns (Log[] memory);

    function load(address target, bytes32 slot) external view returns (bytes32);

    function store(address target, bytes32 slot, bytes32 value) external;

    function accesses(address target) external returns (bytes32[] memory reads, bytes32[] memory writes);

    function record() external;

    function snapshotState() external returns (uint256 id);

    function revertToState(uint256 id) external returns (bool);

    function lastCallGas() external view returns (Gas memory);

    function projectRoot() external view returns (string memory);

    function readFile(string calldata path) external view returns (string memory);

    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);

    function envOr(string calldata name, uint256 fallback_) external view returns (uint256);

    function toString(uint256 value) external pure returns (string memory);

    function mockCall(address callee, bytes calldata data, bytes calldata answer) external;

    function mockCallRevert(address callee, bytes calldata data, bytes calldata answer) external;

    function assertEq(uint256 left, uint256 right) external pure;

    function assertEq(uint256 left, uint256 right, string calldata message) external pure;

    function assertEq(int256 left, int256 right) external pure;

    function assertEq(address left, address right) external pure;

    function assertEq(bytes32 left, bytes32 right) external pure;

    function assertEq(bool left, bool right) external pure;

    function assertEq(bytes calldata left, bytes calldata right) external pure;

    function assertEq(string calldata left, string calldata right) external pure;

    function assertTrue(bool condition) external pure;

    function assertTrue(bool condition, string calldata message) external pure;

    function assertGt(uint256 left, uint256 right) external pure;

    function assertLt(uint256 left, uint256 right) external pure;

    function assertLe(uint256 left, uint256 right) external pure;

    function assertLe(uint256 left, uint256 right, string calldata message) external pure;

    function assertGe(uint256 left, uint256 right) external pure;

    function assertGe(uint256 left, uint256 right, string calldata message) external pure;
}

/// @notice What forge expects of a test contract, and the few conveniences the proofs use.
abstract contract Test {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
    address private constant CONSOLE = 0x000000000000000000636F6e736F6c652e6c6f67;

    address[] private _targets;

    /// @notice Told to forge: whom an invariant run calls.
    function targetContracts() external view returns (address[] memory) {
        return _targets;
    }

    function _target(address contract_) internal {
        _targets.push(contract_);
    }

    function makeAddrAndKey(string memory name) internal returns (address account, uint256 key) {
        key = uint256(keccak256(bytes(name)));
        account = vm.addr(key);
        vm.label(account, name);
    }

    function makeAddr(string memory name) internal returns (address account) {
        (account, ) = makeAddrAndKey(name);
    }

    /// @dev `x` itself where it lies within, else wrapped into the range.
    function bound(uint256 x, uint256 least, uint256 most) internal pure returns (uint256) {
        if (x >= least && x <= most) return x;
        uint256 size = most - least + 1;
        return size == 0 ? x : least + (x % size);
    }

    /// @dev Shown by `forge test -vv`.
    function say(string memory text, uint256 figure) internal view {
        (bool ignored, ) = CONSOLE.staticcall(abi.encodeWithSignature("log(string,uint256)", text, figure));
        ignored;
    }
}
