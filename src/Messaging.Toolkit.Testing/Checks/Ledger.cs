using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas.Running;
using Messaging.Toolkit.Testing.Databases;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Testing.Checks;

/// <summary>
/// Knows from the databases what was committed and from the handlers what was done, and compares the two whenever
/// something changes. It is outside of all nodes: no crash makes it forget.
/// </summary>
/// <param name="world">Whose time and trace it uses.</param>
/// <param name="faults">Without them more is demanded.</param>
/// <param name="endpointsOf">The endpoints that a message for a destination is for.</param>
internal sealed class Ledger(World world, FaultPlan faults, Func<string, MessageEnvelope, IReadOnlyList<string>> endpointsOf)
{
    /// <summary>More than any handler sends.</summary>
    private const int MostChildren = 10_000;

    /// <summary>The tokens of retried transactions; not a name of an endpoint.</summary>
    private const string TokenEndpoint = "$transaction";

    private readonly Dictionary<(string Endpoint, Guid MessageId), Fate> fates = [];
    private readonly Dictionary<(DatabaseObserver Database, string Endpoint, string Key), EndpointKey> keys = [];
    private readonly Dictionary<(NodeLife Life, string Endpoint), int> running = [];
    private readonly Dictionary<string, int> attempts = new(StringComparer.Ordinal);
    private readonly HashSet<string> keyHolders = new(StringComparer.Ordinal);
    private readonly Dictionary<DatabaseObserver, ParkingBook> parking = [];
    private readonly List<MessageEnvelope> sent = [];
    private readonly List<Fate> handled = [];
    private readonly List<DeadLetter> deadLetters = [];
    private readonly Dictionary<DatabaseObserver, InstanceBook> instances = [];
    private readonly Dictionary<DatabaseObserver, ScheduleBook> schedules = [];

    public List<Violation> Violations { get; } = [];

    /// <summary>How often a handler has failed, by a fault or by itself.</summary>
    public int Failures { get; private set; }

    /// <summary>How often a message came that had been handled.</summary>
    public int Duplicates { get; private set; }

    /// <summary>How many effects were committed.</summary>
    public int Handled { get; private set; }

    /// <summary>How many transactions have committed.</summary>
    public int Commits { get; private set; }

    /// <summary>How often a message was written that had been before.</summary>
    public int Repetitions { get; private set; }

    /// <summary>How many messages have neither taken effect nor died.</summary>
    public int Unended { get; private set; }

    /// <summary>The committed messages, in their order; one with several destinations is there once for each.</summary>
    public IReadOnlyList<MessageEnvelope> Sent => sent;

    /// <summary>What has taken effect, in the order in which it did.</summary>
    public IReadOnlyList<Fate> Effects => handled;

    /// <summary>Dead letters, in the order in which they were written.</summary>
    public IReadOnlyList<DeadLetter> DeadLetters => deadLetters;

    /// <summary>Whether nothing is left to be done, but for what waits for a dead letter that holds its key.</summary>
    public bool IsAtRest => Unended == 0 || (keyHolders.Count > 0 && Open.All(fate => fate.IsHeld));

    public IEnumerable<Fate> Open => fates.Values.Where(fate => !fate.HasEnded);

    public void Report(string rule, string description, Guid? message = null)
    {
        world.Trace.Add(world.Now, "ledger", $"violation of {rule}", message, description);
        Violations.Add(new Violation(rule, description, message));
    }

    /// <summary>What an endpoint promises of messages whose handlers fail.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="attempts">How often it tries, at least.</param>
    /// <param name="holdsKeys">Whether what it gives up keeps its place before the later ones of its key.</param>
    public void Expect(string endpoint, int attempts, bool holdsKeys)
    {
        this.attempts[endpoint] = attempts;
        if (holdsKeys)
        {
            keyHolders.Add(endpoint);
        }
    }

    /// <summary>A transaction has committed in which handlers have worked.</summary>
    public void OnCommitted(DatabaseObserver database, NodeLife life, IReadOnlyList<HandlerRun> runs)
    {
        Commits++;
        var added = database.ReadNewMessages();
        foreach (var (destination, envelope) in added)
        {
            sent.Add(envelope);
            foreach (var endpoint in endpointsOf(destination, envelope))
            {
                AddMessage(database, life, destination, endpoint, envelope, runs);
            }
        }

        var claims = database.ReadNewClaims().Where(claim => claim.Endpoint != TokenEndpoint).ToList();
        var letters = database.ReadNewDeadLetters();
        var changes = ParkingOf(database).Compare(database.ReadParked(), database.ReadDeadLetterIds());
        foreach (var (endpoint, messageId) in changes.Replayed)
        {
            life.Note($"replay at {endpoint}", messageId);
            Revive(endpoint, messageId);
        }

        var expired = claims.Concat(changes.Gone).Select(claim => fates.GetValueOrDefault(claim)).OfType<Fate>()
            .Where(fate => HasExpired(fate.Envelope) && !runs.Any(run => run.Fate == fate) && !letters.Exists(letter => (letter.Endpoint, letter.MessageId) == (fate.Endpoint, fate.Envelope.Id)) && !changes.Parked.Contains((fate.Endpoint, fate.Envelope.Id)))
            .ToList();
        expired.ForEach(fate => AddExpiry(life, fate));
        foreach (var run in runs)
        {
            AddEffect(run);
        }

        foreach (var claim in claims)
        {
            if (!runs.Any(run => run.Fate.Endpoint == claim.Endpoint && run.Fate.Envelope.Id == claim.MessageId)
                && !letters.Exists(letter => letter.Endpoint == claim.Endpoint && letter.MessageId == claim.MessageId)
                && !changes.Parked.Contains((claim.Endpoint, claim.MessageId))
                && !expired.Exists(fate => (fate.Endpoint, fate.Envelope.Id) == claim))
            {
                Report("G5", $"Message {claim.MessageId:N} was claimed for endpoint {claim.Endpoint} without the work of its handlers: nobody will do it.", claim.MessageId);
            }
        }

        foreach (var (endpoint, messageId) in changes.Parked)
        {
            life.Note($"park at {endpoint}", messageId);
        }

        foreach (var (endpoint, messageId) in changes.Gone)
        {
            if (!runs.Any(run => run.Fate.Endpoint == endpoint && run.Fate.Envelope.Id == messageId)
                && !letters.Exists(letter => letter.Endpoint == endpoint && letter.MessageId == messageId)
                && !changes.Discarded.Contains((endpoint, messageId))
                && !expired.Exists(fate => (fate.Endpoint, fate.Envelope.Id) == (endpoint, messageId)))
            {
                Report("G1", $"Message {messageId:N} is not parked any more at {endpoint}, without the work of its handlers: nobody will do it.", messageId);
            }
        }

        foreach (var run in runs.Where(run => !claims.Contains((run.Fate.Endpoint, run.Fate.Envelope.Id)) && !changes.Gone.Contains((run.Fate.Endpoint, run.Fate.Envelope.Id))))
        {
            Report("G5", $"The work of a handler was committed without a claim: {run.Fate}.", run.Fate.Envelope.Id);
        }

        foreach (var letter in letters)
        {
            if (!claims.Contains((letter.Endpoint, letter.MessageId)) && !changes.Gone.Contains((letter.Endpoint, letter.MessageId)) && !changes.Stayed.Contains((letter.Endpoint, letter.MessageId)))
            {
                Report("G12", $"A dead letter was written without a claim: message {letter.MessageId:N} could still be handled at {letter.Endpoint}.", letter.MessageId);
            }

            deadLetters.Add(letter);
            AddDeadLetter(life, letter);
        }

        BookOf(database).Compare(database.ReadInstances(), database.ReadNewHistory());
        ScheduleOf(database).Compare(database.ReadScheduled(), added.Select(message => (message.Destination, message.Envelope.Id)), (LaneTime.Beginning + world.Now).UtcDateTime);
    }

    /// <summary>A message has come that had been handled before.</summary>
    public void OnDuplicate(NodeLife life)
    {
        Duplicates++;
        life.Note("has a duplicate");
    }

    /// <summary>A handler is called.</summary>
    public HandlerRun? Start(NodeLife life, MessageContext context, int handler, int concurrency, SimulatedTransaction? transaction)
    {
        var id = context.MessageId;
        life.Note($"handle at {context.Endpoint}", id, $"attempt {context.Attempt}");
        if (!fates.TryGetValue((context.Endpoint, id), out var fate))
        {
            Report("G2", $"Endpoint {context.Endpoint} was given message {id:N}, which no committed transaction has sent to it.", id);
            return null;
        }

        if (handler == 0)
        {
            // The copy that it was given: one that is published again under its key may be of use for longer.
            if (HasExpired(context.Envelope))
            {
                Report("time to live", $"A handler was called after {context.Envelope.ExpiresAt:O}: {fate}.", id);
            }

            if (fate.Runs == 0 && fate.Line?.FirstUnstarted(earlier => HasExpired(earlier.Envelope)) is { } first && first != fate)
            {
                Report("G3", $"{fate} was handled before an earlier message of its key: {first}.", id);
            }

            fate.Runs++;
        }

        fate.Running++;

        if (fate.Key?.Running.Add(life) == false)
        {
            Report("G3", $"Two messages of one key were handled at once in {life.Name}: the second is {fate}.", id);
        }

        var count = running[(life, context.Endpoint)] = running.GetValueOrDefault((life, context.Endpoint)) + 1;
        if (count > concurrency)
        {
            Report("G8", $"Endpoint {context.Endpoint} ran {count} handlers at once in {life.Name}, allowed are {concurrency}.", id);
        }

        var run = new HandlerRun(life, fate, handler);
        if (transaction is null)
        {
            Report("G5", $"A handler was called outside of a transaction: {fate}.", id);
        }

        transaction?.Runs.Add(run);
        return run;
    }

    /// <summary>A handler has returned or thrown.</summary>
    /// <param name="run">Its call.</param>
    /// <param name="failed">It has thrown.</param>
    /// <param name="wasCancelled">It was told to give up.</param>
    public void End(HandlerRun run, bool failed, bool wasCancelled)
    {
        if (wasCancelled && !(run.Life.StopsUntil <= world.Now))
        {
            Report("G11", $"The handler was told to give up before its host's time to stop was over: {run.Fate}.", run.Fate.Envelope.Id);
        }

        running[(run.Life, run.Fate.Endpoint)]--;
        run.Fate.Key?.Running.Remove(run.Life);
        run.Fate.Running--;
        run.IsCompleted = !failed;
        if (failed)
        {
            Failures++;
            run.Life.Note($"failed at {run.Fate.Endpoint}", run.Fate.Envelope.Id);
        }
    }

    private ParkingBook ParkingOf(DatabaseObserver database)
    {
        if (!parking.TryGetValue(database, out var book))
        {
            parking.Add(database, book = new ParkingBook());
        }

        return book;
    }

    /// <summary>A dead letter is on its way again.</summary>
    private void Revive(string endpoint, Guid messageId)
    {
        if (fates.TryGetValue((endpoint, messageId), out var fate) && fate.IsDead)
        {
            fate.IsDead = false;
            fate.WasDead = true;
            Unended += fate.HasEnded ? 0 : 1;
        }
    }

    private InstanceBook BookOf(DatabaseObserver database)
    {
        if (!instances.TryGetValue(database, out var book))
        {
            instances.Add(database, book = new InstanceBook(problem => Report("G10", problem)));
        }

        return book;
    }

    private ScheduleBook ScheduleOf(DatabaseObserver database)
    {
        if (!schedules.TryGetValue(database, out var book))
        {
            schedules.Add(database, book = new ScheduleBook((problem, message) => Report("scheduling", problem, message)));
        }

        return book;
    }

    private void AddMessage(DatabaseObserver database, NodeLife life, string destination, string endpoint, MessageEnvelope envelope, IReadOnlyList<HandlerRun> runs)
    {
        EndpointKey? key = null;
        if (envelope.Key is { } name && !keys.TryGetValue((database, endpoint, name), out key))
        {
            keys.Add((database, endpoint, name), key = new EndpointKey());
        }

        var line = key?.By(destination);
        life.Note($"commit for {endpoint}", envelope.Id, $"{envelope.Type} key {envelope.Key ?? "-"}");
        var fate = new Fate(endpoint, envelope, key, line, line?.Count ?? 0) { HoldsPlace = keyHolders.Contains(endpoint) };
        if (!fates.TryAdd((endpoint, envelope.Id), fate))
        {
            // What has an idempotency key is written again whenever its caller asks again. EF saves again when the reply to a commit was lost: the same messages, which the inboxes recognise. And a saga asks
            // again by the same message when nobody answers.
            Repetitions++;
            if (faults.Happened.Count == 0 && envelope.ReplyTo is null && envelope.IdempotencyKey is null)
            {
                Report("G4", $"Without any fault message {envelope.Id:N} was written twice for {endpoint}.", envelope.Id);
            }

            return;
        }

        Unended++;
        line?.Add(fate);
        if (runs.FirstOrDefault(run => run.Fate.Envelope.Id == envelope.CausationId) is { } cause && !IsChild(envelope, cause.Fate))
        {
            Report("G5", $"Message {envelope.Id:N} was sent by the handler of {cause.Fate}, and its id does not follow from that: sent again it would be another message.", envelope.Id);
        }
    }

    private static bool IsChild(MessageEnvelope envelope, Fate cause)
        => (envelope.IdempotencyKey is { } key && MessageIds.OfIdempotencyKey(envelope.Source, envelope.Type, key) == envelope.Id)
           || (SagaRequest.Parse(envelope.ReplyTo?.Request) is { } request && MessageIds.OfRequest(request.Id, request.Step, request.Attempt, request.Undoes) == envelope.Id)
           || Enumerable.Range(0, MostChildren).Any(n => MessageIds.Derive(cause.Envelope, cause.Endpoint, n, envelope.Type) == envelope.Id);

    private void AddEffect(HandlerRun run)
    {
        var fate = run.Fate;
        var id = fate.Envelope.Id;
        run.Life.Note($"effect at {fate.Endpoint}", id);
        if (!run.IsCompleted)
        {
            Report("G5", $"The work of a handler that had failed or not ended was committed: {fate}.", id);
        }

        if (fate.Effects.Count == 0 && !(fate.WasDead && !fate.HoldsPlace) && fate.Line?.FirstUnended() is { } first && first != fate)
        {
            Report("G3", $"{fate} took effect before an earlier message of its key: {first}.", id);
        }

        if (fate.IsDead)
        {
            Report("G12", $"It was handled although it is in the dead letters: {fate}.", id);
        }

        if (fate.Effects.Count == 0)
        {
            handled.Add(fate);
        }

        Unended -= fate.HasEnded ? 0 : 1;
        var count = fate.Effects[run.Handler] = fate.Effects.GetValueOrDefault(run.Handler) + 1;
        if (count > 1)
        {
            Report("G5", $"The work of a handler was committed {count} times: {fate}.", id);
        }

        Handled++;
    }

    private void AddDeadLetter(NodeLife life, DeadLetter letter)
    {
        var (endpoint, messageId) = (letter.Endpoint, letter.MessageId);
        life.Note($"dead letter at {endpoint}", messageId);
        if (!fates.TryGetValue((endpoint, messageId), out var fate))
        {
            Report("G2", $"There is a dead letter of message {messageId:N} at {endpoint}, which no committed transaction has sent to it.", messageId);
            return;
        }

        if (fate.Effects.Count > 0)
        {
            Report("G12", $"A dead letter was written although the work of its handler is committed: {fate}.", messageId);
        }

        // One that never got to its handler could not be read; and without an exception it was a process manager that had no use for it.
        if (fate.Runs > 0 && letter.Failure is not null && fate.Runs < attempts.GetValueOrDefault(endpoint))
        {
            Report("G1", $"It was given up after {fate.Runs} attempts, promised are {attempts[endpoint]}: {fate}.", messageId);
        }

        Unended -= fate.HasEnded ? 0 : 1;
        fate.IsDead = true;
    }

    private bool HasExpired(MessageEnvelope envelope) => Expiry.IsOver(envelope, LaneTime.Beginning + world.Now);

    /// <summary>Its time was over, and it was claimed so that nobody handles it. Who waits for a reply must be told in the same commit.</summary>
    private void AddExpiry(NodeLife life, Fate fate)
    {
        var id = fate.Envelope.Id;
        life.Note($"expired at {fate.Endpoint}", id);
        Unended -= fate.HasEnded ? 0 : 1;
        fate.HasExpired = true;
        if (fate.Envelope.ReplyTo is { } asker && !fates.ContainsKey((asker.Endpoint, MessageIds.Derive(fate.Envelope, fate.Endpoint, 0, Answer.Name))))
        {
            Report("time to live", $"Nobody told {asker.Endpoint}, which waits for a reply, that its time was over: {fate}.", id);
        }
    }

    /// <summary>What must be so when everything has come to rest, and has stopped.</summary>
    /// <param name="redelivers">Whether messages may come again without any fault: a broker does that when a consumer joins.</param>
    /// <param name="isStored">Whether a message waits for the next start: a recurring schedule may have sent one when the nodes were stopping.</param>
    public void CheckEnd(bool redelivers, Func<Guid, bool> isStored)
    {
        if (!redelivers && faults.Happened.Count == 0 && Failures == 0 && Duplicates > Repetitions)
        {
            Report("G4", $"Without any fault {Duplicates} messages came again after they had been handled, and {Repetitions} were sent again.");
        }

        foreach (var fate in fates.Values)
        {
            if (!fate.HasEnded && !fate.IsHeld && !isStored(fate.Envelope.Id))
            {
                Report("G1", $"Lost: {fate} has neither taken effect nor become a dead letter.", fate.Envelope.Id);
            }

            if (faults.Happened.Count == 0 && Failures == 0 && fate.Runs > 1)
            {
                Report("G4", $"Without any fault its handler ran {fate.Runs} times: {fate}.", fate.Envelope.Id);
            }
        }
    }
}
