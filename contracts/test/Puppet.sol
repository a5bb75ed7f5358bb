// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice For tests: an owner, actor or bystander that is a contract. When touched it makes the call it was
///         armed with, and remembers how that went.
contract Puppet {
    bool public accepting = true;
    bool public touched;
    bool public succeeded;
    bytes public answer;

    address private _target;
    bytes private _data;

    error NotAccepting();

    receive() external payable {
        if (!accepting) revert NotAccepting();
        poke();
    }

    function setAccepting(bool accepting_) external {
        accepting = accepting_;
    }

    function arm(address target, bytes calldata data) external {
        _target = target;
        _data = data;
    }

    /// @notice Makes a call in its own name; fails as that does.
    function run(address target, bytes calldata data) external payable returns (bytes memory result) {
        bool ok;
        (ok, result) = target.call{value: msg.value}(data);
        if (ok) return result;
        assembly ("memory-safe") {
            revert(add(result, 0x20), mload(result))
        }
    }

    function poke() public {
        if (_target == address(0)) return;
        touched = true;
        (succeeded, answer) = _target.call(_data);
    }
}
