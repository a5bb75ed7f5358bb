// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {CaretEscrow} from "./CaretEscrow.sol";
import {ICaretErrors} from "./interfaces/ICaretErrors.sol";
import {ICaretOrchestrator} from "./interfaces/ICaretOrchestrator.sol";
import {ITokenFactory} from "./interfaces/ITokenFactory.sol";
import {IWSEI} from "./interfaces/IWSEI.sol";

/// @title Registers actors with their escrows, and lists what may be traded where
/// @notice Powers are split. The **admin** (`owner()`, kept off the server; a multisig in earnest) lists tokens
///         and venues, switches them off and on, and names the server. The **server** registers actors and
///         releases money to owners. Both may pause and resume trading. A stolen server key can thus pause
///         trading, resume it, open useless escrows and send people their own money; it cannot list a venue or
///         a token of its own. A stolen admin key can: an admin's listing takes effect at once in this version.
///
///         Lists are append-only: an entry can be switched off and on, never edited or given another part. No
///         pause and no switch ever stands between an owner and a withdrawal.
contract CaretOrchestrator is ICaretOrchestrator, ICaretErrors, Ownable2Step {
    enum Part {
        None,
        Token,
        Router,
        Adapter
    }

    /// @param router an adapter's router
    struct Entry {
        Part part;
        bool enabled;
        address router;
    }

    /// @notice The token trades start from and return to. Named as in the first version; here it is USDC.
    IERC20 public immutable usdt;

    IWSEI public immutable wsei;

    /// @notice Makes test tokens; zero on networks with real money.
    ITokenFactory public immutable tokenFactory;

    /// @notice The code every escrow runs, for good.
    CaretEscrow public immutable implementation;

    /// @notice Registers actors and releases money to owners; zero: nobody does.
    address public server;

    bool public tradingPaused;

    /// @notice Actors by owner, in order of registration; the key is the owner's address as a number.
    mapping(uint256 owner => address[]) public actors;

    /// @notice The escrow of an actor; zero where there is none.
    mapping(address actor => address) public escrows;

    /// @notice Tokens by symbol. Being here is not being tradable: see `isListed`.
    mapping(string symbol => address) public tokens;

    mapping(address => Entry) private _entries;

    event ServerSet(address indexed server);
    event TradingPausedSet(bool paused, address indexed by);
    event TokenListed(address indexed token, string symbol);
    event VenueListed(address indexed adapter, address indexed router);
    event EntryEnabled(address indexed entry, bool enabled);
    event TokenRegistered(address indexed token, string symbol);
    event ActorRegistered(
        address indexed owner,
        address indexed actor,
        address indexed escrow,
        uint256 index,
        uint256 gas
    );

    modifier onlyServer() {
        if (msg.sender != server) revert NotServer(msg.sender);
        _;
    }

    /// @param admin lists tokens and venues, names the server
    /// @param server_ registers actors, releases money to owners
    /// @param quoteToken the token trades start from and return to; still to be listed
    /// @param wsei_ wrapped native SEI; still to be listed
    /// @param tokenFactory_ zero except on local and test networks
    constructor(
        address admin,
        address server_,
        IERC20 quoteToken,
        IWSEI wsei_,
        ITokenFactory tokenFactory_
    ) Ownable(admin) {
        if (address(quoteToken) == address(0) || address(wsei_) == address(0)) revert ZeroAddress();
        usdt = quoteToken;
        wsei = wsei_;
        tokenFactory = tokenFactory_;
        implementation = new CaretEscrow(this, wsei_);
        _setServer(server_);
    }

    /// @notice Opens an escrow for `actor_`, once, and passes `msg.value` on to the actor as its first gas.
    /// @dev The escrow's address follows from owner and actor alone: see `escrowAddress`.
    /// @param owner_ the owner's address as a number. Below 2^64 it is some other kind of number (an account
    ///        id, say) passed by mistake: money released to it would be lost
    /// @return escrow the new escrow
    function registerActor(uint256 owner_, address actor_) external payable onlyServer returns (address escrow) {
        address ownerAddress = _ownerAddress(owner_);
        if (actor_ == address(0) || actor_ == ownerAddress) revert ActorNotAllowed(actor_);
        if (isActor(actor_)) revert ActorAlreadyRegistered(actor_, escrows[actor_]);
        escrow = Clones.cloneDeterministicWithImmutableArgs(
            address(implementation),
            abi.encode(ownerAddress, actor_),
            bytes32(0)
        );
        escrows[actor_] = escrow;
        actors[owner_].push(actor_);
        emit ActorRegistered(ownerAddress, actor_, escrow, actors[owner_].length - 1, msg.value);
        if (msg.value > 0) {
            (bool sent, ) = actor_.call{value: msg.value}("");
            if (!sent) revert ActorPaymentFailed(actor_, msg.value);
        }
    }

    /// @notice Makes a test token and records it by symbol. It is not tradable until the admin lists it.
    /// @return token the new token
    function registerToken(
        string calldata name,
        string calldata symbol
    ) external onlyServer returns (address token) {
        if (address(tokenFactory) == address(0)) revert NoTokenFactory();
        _requireFree(symbol, address(0));
        token = tokenFactory.create(name, symbol);
        tokens[symbol] = token;
        emit TokenRegistered(token, symbol);
    }

    /// @notice Stops or resumes every swap and gas refill. Withdrawals to owners go on.
    function setTradingPaused(bool paused) external {
        if (msg.sender != server && msg.sender != owner()) revert NotServerOrAdmin(msg.sender);
        tradingPaused = paused;
        emit TradingPausedSet(paused, msg.sender);
    }

    /// @notice Replaces the server at once; zero removes it.
    function setServer(address server_) external onlyOwner {
        _setServer(server_);
    }

    /// @notice Lets a token be traded, under a symbol nobody else has.
    function listToken(string calldata symbol, address token) external onlyOwner {
        _requireFree(symbol, token);
        _list(token, Entry(Part.Token, true, address(0)));
        tokens[symbol] = token;
        emit TokenListed(token, symbol);
    }

    /// @notice Lets a venue be traded on. Several adapters may share a router; an adapter has one for good.
    function listVenue(address adapter, address router) external onlyOwner {
        if (_entries[router].part != Part.Router) _list(router, Entry(Part.Router, true, address(0)));
        _list(adapter, Entry(Part.Adapter, true, router));
        emit VenueListed(adapter, router);
    }

    /// @notice Switches a listed token, or a venue by its adapter, off or on.
    function setEnabled(address entry, bool enabled) external onlyOwner {
        Part part = _entries[entry].part;
        if (part == Part.None) revert TokenNotListed(entry);
        if (part == Part.Router) revert VenueNotListed(entry);
        _entries[entry].enabled = enabled;
        emit EntryEnabled(entry, enabled);
    }

    /// @inheritdoc ICaretOrchestrator
    function routerFor(address adapter) external view returns (address router) {
        if (tradingPaused) revert TradingPaused();
        Entry storage entry = _entries[adapter];
        if (entry.part != Part.Adapter || !entry.enabled) revert VenueNotListed(adapter);
        return entry.router;
    }

    /// @inheritdoc ICaretOrchestrator
    function requireListed(address[] calldata path) external view {
        for (uint256 i = 0; i < path.length; ++i) {
            if (!isListed(path[i])) revert TokenNotListed(path[i]);
        }
    }

    /// @notice How many actors an owner has; the key is the owner's address as a number.
    function actorCount(uint256 owner_) external view returns (uint256) {
        return actors[owner_].length;
    }

    /// @notice Where the escrow of this owner and actor is, or would be once registered.
    function escrowAddress(uint256 owner_, address actor_) external view returns (address) {
        return
            Clones.predictDeterministicAddressWithImmutableArgs(
                address(implementation),
                abi.encode(_ownerAddress(owner_), actor_),
                bytes32(0)
            );
    }

    function isActor(address actor_) public view returns (bool) {
        return escrows[actor_] != address(0);
    }

    /// @notice Whether `token` may be traded now.
    function isListed(address token) public view returns (bool) {
        Entry storage entry = _entries[token];
        return entry.part == Part.Token && entry.enabled;
    }

    function _setServer(address server_) private {
        server = server_;
        emit ServerSet(server_);
    }

    function _list(address entry, Entry memory value) private {
        if (entry.code.length == 0) revert NotAContract(entry);
        if (_entries[entry].part != Part.None) revert AlreadyListed(entry);
        _entries[entry] = value;
    }

    /// @dev `token` itself may already hold its symbol.
    function _requireFree(string calldata symbol, address token) private view {
        if (bytes(symbol).length == 0) revert EmptySymbol();
        address holder = tokens[symbol];
        if (holder != address(0) && holder != token) revert SymbolTaken(symbol, holder);
    }

    function _ownerAddress(uint256 owner_) private pure returns (address) {
        if (owner_ < 1 << 64 || owner_ > type(uint160).max) revert OwnerOutOfRange(owner_);
        return address(uint160(owner_));
    }
}
