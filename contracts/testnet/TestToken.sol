// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token without value for local and test networks: anybody can make some
contract TestToken is ERC20 {
    /// @notice Whole tokens one call of `faucet` may make.
    uint256 public constant FAUCET_LIMIT = 10_000;

    uint8 private immutable _decimals;

    /// @notice Who may make any amount.
    mapping(address => bool) public isMinter;

    error NotMinter(address caller);
    error FaucetLimit(uint256 amount, uint256 limit);

    modifier onlyMinter() {
        if (!isMinter[msg.sender]) revert NotMinter(msg.sender);
        _;
    }

    constructor(string memory name, string memory symbol, uint8 decimals_, address minter) ERC20(name, symbol) {
        _decimals = decimals_;
        isMinter[minter] = true;
    }

    /// @notice Makes up to FAUCET_LIMIT whole tokens, in base units, for anybody.
    function faucet(address to, uint256 amount) external {
        uint256 limit = FAUCET_LIMIT * 10 ** _decimals;
        if (amount > limit) revert FaucetLimit(amount, limit);
        _mint(to, amount);
    }

    function mint(address to, uint256 amount) external onlyMinter {
        _mint(to, amount);
    }

    function setMinter(address minter, bool allowed) external onlyMinter {
        isMinter[minter] = allowed;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}
