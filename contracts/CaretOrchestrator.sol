// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {CaretEscrow} from "./CaretEscrow.sol";
import {ICaretErrors} from "./interfaces/ICaretErrors.sol";
import {ICaretOrchestrator} from "./interfaces/ICaretOrchestrator.sol";
import {IPriceFeed} from "./interfaces/IPriceFeed.sol";
import {ITokenFactory} from "./interfaces/ITokenFactory.sol";
import {IWSEI} from "./interfaces/IWSEI.sol";
import {Listing, TokenListing, VenueListing} from "./libraries/Listing.sol";

/// @title Registers actors with their escrows, lists what may be traded where, and can stop trading
/// @notice Powers are split. The **admin** (`owner()`, a Safe in earnest, kept off the server) lists tokens and venues
///         two days ahead, switches them off at once, names server and guardian, resumes trading. The **server**
///         registers actors, releases money to owners, drops mandates. The **guardian** pauses, and nothing else;
///         server and admin may too. A stolen server key can thus stop trading, open escrows, and send people their
///         own money. A stolen admin key can list a hostile token or venue: two days later it counts for mandates
///         signed from then on, and a week after that for the default mandate.
///
///         Lists only grow: an entry can be switched off, never edited. A token that is off may be listed anew, with
///         another feed say, which is a new entry with a new delay. No pause and no list ever stands between an owner
///         and a withdrawal.
contract CaretOrchestrator is ICaretOrchestrator, ICaretErrors, Ownable2Step {
    /// @notice Seconds from a listing being announced to its taking effect, once the first lists are closed.
    uint256 public constant LISTING_DELAY = 2 days;

    uint256 private constant MOST_EPSILON_BPS = 1_000;
    uint256 private constant WIDEST_BAND = 64;
    uint256 private constant FEED_DECIMALS = 8;
    uint256 private constant MOST_DECIMALS = 18;
    uint256 private constant COUNT = 160;

    /// @notice The token trades start from and return to. Named as in the first version; here it is USDC.
    IERC20 public immutable usdt;

    IWSEI public immutable wsei;

    /// @notice Makes test tokens; zero on networks with real money.
    ITokenFactory public immutable tokenFactory;

    /// @notice The code every escrow runs, for good.
    CaretEscrow public immutable implementation;

    /// @notice Registers actors, releases money to owners, drops mandates; zero: nobody does.
    address public server;

    bool public tradingPaused;

    /// @notice Whether the first lists are closed: from then on a listing takes two days, and actors are registered.
    bool public isSealed;

    /// @notice May pause trading, and nothing else.
    address public guardian;

    /// @notice The escrow of an actor; zero where there is none.
    mapping(address actor => address) public escrows;

    /// @notice Tokens by symbol. Being here is not being tradable: see `isListed`.
    mapping(string symbol => address) public tokens;

    /// @notice Whether an address is a venue's router, which no token and no adapter can be.
    mapping(address => bool) public isRouter;

    /// @dev By owner and index; the first word also holds, above 160 bits, how many there are.
    mapping(uint256 owner => mapping(uint256 index => uint256)) private _actors;

    mapping(address token => TokenListing) private _tokens;

    mapping(address adapter => VenueListing) private _venues;

    event ServerSet(address indexed server);
    event GuardianSet(address indexed guardian);
    event Paused(address indexed by);
    event Unpaused(address indexed by);
    event Sealed();
    /// @notice Takes effect at `listedAt`.
    event TokenListed(address indexed token, string symbol, address indexed feed, uint256 listedAt);
    /// @notice Takes effect at `listedAt`.
    event VenueListed(address indexed adapter, address indexed router, uint256 listedAt);
    event SwitchedOff(address indexed entry);
    event TokenRegistered(address indexed token, string symbol);
    event EscrowDeployed(address indexed owner, address indexed escrow, bytes32 exitHash, uint256 index);
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

    /// @param admin lists tokens and venues, names server and guardian, resumes trading
    /// @param server_ registers actors, releases money to owners, drops mandates
    /// @param guardian_ may pause trading; zero: none
    /// @param quoteToken the token trades start from and return to; still to be listed
    /// @param wsei_ wrapped native SEI; still to be listed
    /// @param tokenFactory_ zero except on local and test networks
    constructor(
        address admin,
        address server_,
        address guardian_,
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
        _setGuardian(guardian_);
    }

    // ---------------------------------------------------------------- the server

    /// @notice Opens the owner's next escrow for `actor_`, and passes `msg.value` on to the actor as its first gas.
    ///         Nothing is traded there before the owner has signed a mandate.
    /// @param owner_ the owner's address as a number. Below 2^64 it is some other kind of number (an account
    ///        id, say) passed by mistake: money released to it would be lost
    /// @return escrow the new escrow
    function registerActor(uint256 owner_, address actor_) external payable returns (address escrow) {
        return registerActorWithExit(owner_, actor_, bytes32(0));
    }

    /// @notice The same for an owner that cannot sign: the default mandate is in force from the start, and whoever
    ///         has the exit code can end it and push everything to the owner.
    /// @param exitHash `keccak256(abi.encode(code))`; zero is none
    function registerActorWithExit(
        uint256 owner_,
        address actor_,
        bytes32 exitHash
    ) public payable onlyServer returns (address escrow) {
        if (!isSealed) revert NotSealed();
        address ownerAddress = _ownerAddress(owner_);
        if (actor_ == address(0) || actor_ == ownerAddress) revert ActorNotAllowed(actor_);
        if (isActor(actor_)) revert ActorAlreadyRegistered(actor_, escrows[actor_]);
        uint256 index = actorCount(owner_);
        escrow = _deploy(ownerAddress, exitHash, index);
        escrows[actor_] = escrow;
        if (index == 0) {
            _actors[owner_][0] = uint256(uint160(actor_)) | (1 << COUNT);
        } else {
            _actors[owner_][index] = uint256(uint160(actor_));
            _actors[owner_][0] += 1 << COUNT;
        }
        emit ActorRegistered(ownerAddress, actor_, escrow, index, msg.value);
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

    // ---------------------------------------------------------------- stopping

    /// @notice Stops every swap and gas refill at once, by guardian, server or admin. Withdrawals go on.
    function pause() external {
        if (msg.sender != guardian && msg.sender != server && msg.sender != owner()) revert NotPauser(msg.sender);
        tradingPaused = true;
        emit Paused(msg.sender);
    }

    function unpause() external onlyOwner {
        tradingPaused = false;
        emit Unpaused(msg.sender);
    }

    // ---------------------------------------------------------------- the admin

    /// @notice Replaces the server at once; zero removes it.
    function setServer(address server_) external onlyOwner {
        _setServer(server_);
    }

    /// @notice Replaces the guardian at once; zero removes it.
    function setGuardian(address guardian_) external onlyOwner {
        _setGuardian(guardian_);
    }

    /// @notice Closes the first lists: from now on a listing takes two days. For good.
    function seal() external onlyOwner {
        if (isSealed) revert AlreadySealed();
        isSealed = true;
        emit Sealed();
    }

    /// @notice Lets a token be traded, under a symbol nobody else has.
    /// @param feed USD price, AggregatorV3 style, 8 decimals; zero: the token can be a hop of a route only
    /// @param maxAge seconds the feed's answer may be old, inclusive
    /// @param epsilonBps how far the true price may be from the feed's: its deviation threshold and a margin
    /// @param low code of the lowest answer believed, as `Listing.bandOf` reads it
    /// @param high code of the highest; at most 64 times the lowest
    function listToken(
        string calldata symbol,
        address token,
        address feed,
        uint16 maxAge,
        uint16 epsilonBps,
        uint8 low,
        uint8 high
    ) external onlyOwner {
        _requireFree(symbol, token);
        _requirePartless(token);
        if (_tokens[token].isOn()) revert AlreadyListed(token);
        uint8 decimals = IERC20Metadata(token).decimals();
        if (decimals > MOST_DECIMALS) revert DecimalsNotAllowed(token, decimals);
        if (feed != address(0)) _requireTerms(feed, maxAge, epsilonBps, low, high);
        uint32 listedAt = _listedAt();
        _tokens[token] = Listing.packToken(feed, decimals, maxAge, epsilonBps, low, high, listedAt);
        tokens[symbol] = token;
        emit TokenListed(token, symbol, feed, listedAt);
    }

    /// @notice Lets a venue be traded on. Several adapters may share a router; an adapter has one for good.
    function listVenue(address adapter, address router) external onlyOwner {
        _requirePartless(adapter);
        if (router.code.length == 0) revert NotAContract(router);
        if (_isToken(router) || router == adapter || _venues[router].exists()) revert AlreadyListed(router);
        if (_isToken(adapter)) revert AlreadyListed(adapter);
        isRouter[router] = true;
        uint32 listedAt = _listedAt();
        _venues[adapter] = Listing.packVenue(router, listedAt);
        emit VenueListed(adapter, router, listedAt);
    }

    /// @notice Switches a token, or a venue by its adapter, off at once. A venue stays off.
    function switchOff(address entry) external onlyOwner {
        if (_venues[entry].exists()) _venues[entry] = _venues[entry].switchedOff();
        else if (_tokens[entry].exists()) _tokens[entry] = _tokens[entry].switchedOff();
        else revert TokenNotListed(entry);
        emit SwitchedOff(entry);
    }

    // ---------------------------------------------------------------- anybody

    /// @notice Deploys an escrow without registering an actor: its owner can then withdraw what was paid to it.
    function deployEscrow(uint256 owner_, bytes32 exitHash, uint256 index) external returns (address escrow) {
        return _deploy(_ownerAddress(owner_), exitHash, index);
    }

    /// @inheritdoc ICaretOrchestrator
    function route(
        address actor,
        address adapter,
        address[] calldata hops,
        uint256 listedBy
    ) external view returns (address router, TokenListing input, TokenListing output) {
        if (tradingPaused) revert TradingPaused();
        if (escrows[actor] != msg.sender) revert NotActor(actor);
        VenueListing venue = _venues[adapter];
        if (!venue.countsBy(listedBy)) revert VenueNotListed(adapter);
        for (uint256 i = 0; i < hops.length; ++i) {
            TokenListing listing = _tokens[hops[i]];
            if (!listing.countsBy(listedBy)) revert TokenNotListed(hops[i]);
            if (i == 0) input = listing;
            output = listing;
        }
        router = venue.router();
    }

    /// @notice Where the escrow of this owner, exit code and index is, or would be once deployed.
    function escrowAddress(uint256 owner_, bytes32 exitHash, uint256 index) external view returns (address) {
        return
            Clones.predictDeterministicAddressWithImmutableArgs(
                address(implementation),
                _arguments(_ownerAddress(owner_), exitHash, index),
                bytes32(0)
            );
    }

    /// @inheritdoc ICaretOrchestrator
    function actors(uint256 owner_, uint256 index) external view returns (address) {
        return address(uint160(_actors[owner_][index]));
    }

    /// @notice A token's terms; all zero where it never was listed.
    function tokenListing(
        address token
    )
        external
        view
        returns (
            address feed,
            uint8 decimals,
            uint16 maxAge,
            uint16 epsilonBps,
            uint256 low,
            uint256 high,
            uint32 listedAt,
            bool on
        )
    {
        TokenListing word = _tokens[token];
        if (!word.exists()) return (address(0), 0, 0, 0, 0, 0, 0, false);
        return (
            word.feed(),
            word.decimals(),
            word.maxAge(),
            word.epsilonBps(),
            Listing.bandOf(word.low()),
            Listing.bandOf(word.high()),
            word.listedAt(),
            word.isOn()
        );
    }

    /// @notice A venue's router and state; all zero where it never was listed.
    function venueListing(address adapter) external view returns (address router, uint32 listedAt, bool on) {
        VenueListing word = _venues[adapter];
        return (word.router(), word.listedAt(), word.isOn());
    }

    /// @notice How many actors an owner has; the key is the owner's address as a number.
    function actorCount(uint256 owner_) public view returns (uint256) {
        return _actors[owner_][0] >> COUNT;
    }

    function isActor(address actor_) public view returns (bool) {
        return escrows[actor_] != address(0);
    }

    /// @notice Whether `token` is listed now, whatever a mandate says.
    function isListed(address token) external view returns (bool) {
        return _tokens[token].countsBy(block.timestamp);
    }

    // ---------------------------------------------------------------- inside

    function _deploy(address owner_, bytes32 exitHash, uint256 index) private returns (address escrow) {
        bytes memory arguments = _arguments(owner_, exitHash, index);
        address code = address(implementation);
        escrow = Clones.predictDeterministicAddressWithImmutableArgs(code, arguments, bytes32(0));
        if (escrow.code.length > 0) return escrow;
        Clones.cloneDeterministicWithImmutableArgs(code, arguments, bytes32(0));
        emit EscrowDeployed(owner_, escrow, exitHash, index);
    }

    /// @dev As the escrow unpacks them.
    function _arguments(address owner_, bytes32 exitHash, uint256 index) private pure returns (bytes memory) {
        if (index > type(uint96).max) revert IndexOutOfRange(index);
        return abi.encodePacked(owner_, exitHash, uint96(index));
    }

    function _setServer(address server_) private {
        server = server_;
        emit ServerSet(server_);
    }

    function _setGuardian(address guardian_) private {
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    function _listedAt() private view returns (uint32) {
        return isSealed ? uint32(block.timestamp + LISTING_DELAY) : 0;
    }

    /// @dev The feed must be one now, with an answer within the band.
    function _requireTerms(address feed, uint16 maxAge, uint16 epsilonBps, uint8 low, uint8 high) private view {
        if (maxAge == 0 || epsilonBps == 0 || epsilonBps > MOST_EPSILON_BPS) {
            revert FeedTermsNotAllowed(maxAge, epsilonBps);
        }
        uint8 decimals = IPriceFeed(feed).decimals();
        if (decimals != FEED_DECIMALS) revert DecimalsNotAllowed(feed, decimals);
        (uint256 least, uint256 most) = (Listing.bandOf(low), Listing.bandOf(high));
        if (least >= most || most > WIDEST_BAND * least) revert BandNotAllowed(least, most);
        (, int256 answer, , uint256 updatedAt, ) = IPriceFeed(feed).latestRoundData();
        if (answer < int256(least) || answer > int256(most)) revert FeedUnusable(feed, answer, updatedAt);
    }

    /// @dev Neither a venue's adapter nor a router.
    function _requirePartless(address entry) private view {
        if (entry.code.length == 0) revert NotAContract(entry);
        if (isRouter[entry] || _venues[entry].exists()) revert AlreadyListed(entry);
    }

    /// @dev A token that was listed once, the wrapper or the quote token.
    function _isToken(address entry) private view returns (bool) {
        return _tokens[entry].exists() || entry == address(wsei) || entry == address(usdt);
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
