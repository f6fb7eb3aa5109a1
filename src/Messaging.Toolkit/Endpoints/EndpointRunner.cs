using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Endpoints.Limits;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// Runs one endpoint: receives as much as it has room for, gives every free worker a group of messages that may run now,
/// and settles what is done. At most <c>Concurrency</c> workers run at once, one transaction each. It may receive from several transports; what they
/// bring waits in one queue, so that messages of one key never run at once wherever they come from.
/// </summary>
internal sealed class EndpointRunner(
    EndpointDefinition endpoint, IReadOnlyList<Intake> intakes, IMessageStore store, DeliveryProcessor processor, ParkingAlarm alarm, TimeProvider time, EntropySource entropy,
    DeliveryTelemetry telemetry, ILogger logger, Throttle? throttle = null)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly WaitingWork waiting = new(endpoint, throttle, time, logger);
    private readonly ParkedReceiver parking = new(endpoint.Name, store, logger);
    private readonly ParkedInHand parked = new();
    private readonly int prefetch = Math.Max(1, endpoint.Prefetch / intakes.Count);
    private readonly CancellationTokenSource stopReceiving = new();
    private readonly CancellationTokenSource stopHandling = new();
    private Task receiving = Task.CompletedTask;
    private int workers;
    private bool isHeldUp;
    private bool isWatched;
    private bool isFinished;

    public string Name => endpoint.Name;

    /// <summary>Whether what is given up keeps its place before the later ones of its key.</summary>
    public bool HoldsKeys => endpoint.Failures.WhenDead == KeyPolicy.HoldKey;

    /// <summary>How many parked messages it can take.</summary>
    public int ParkingRoom
    {
        get
        {
            lock (gate)
            {
                return stopReceiving.IsCancellationRequested ? 0 : (2 * endpoint.Concurrency) - parked.Count;
            }
        }
    }

    /// <summary>Takes parked messages whose time has come, beside what the transport brings.</summary>
    public void Retry(IReadOnlyList<ParkedDelivery> deliveries)
    {
        lock (gate)
        {
            // Before what the transport has brought of its key, which waits for it.
            foreach (var delivery in deliveries)
            {
                if (parked.Take(delivery.Message))
                {
                    waiting.AddFirst(new Work(delivery, parking));
                }
            }

            StartWorkers();
        }
    }

    public void Start() => receiving = Task.WhenAll(intakes.Select(intake =>
        new Loop($"{endpoint.Name}: receiving{intake.Suffix}", time, entropy, LongestPause, logger, intake.State).RunAsync(token => ReceiveSessionAsync(intake, token), stopReceiving.Token)));

    /// <summary>
    /// Receives nothing more, gives back what waits, and lets what runs finish. When the token fires, what still runs
    /// is rolled back.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var hurry = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), stopHandling);
        stopReceiving.Cancel();
        await receiving;
        if (!isFinished)
        {
            // No receiver was open, and parked messages are here all the same.
            await FinishRunningAsync(intakes[0]);
            await GiveBackWaitingAsync(parking);
        }
    }

    /// <summary>The life of one receiver: ends when it breaks or the endpoint stops.</summary>
    private async Task ReceiveSessionAsync(Intake intake, CancellationToken stopping)
    {
        await using var receiver = await intake.OpenReceiverAsync(endpoint.Name, prefetch, stopping);
        intake.State.Works();
        try
        {
            while (true)
            {
                var max = await RoomAsync(intake, stopping);
                Enqueue(intake, receiver, await receiver.ReceiveAsync(max, stopping));
            }
        }
        finally
        {
            await GiveBackWaitingAsync(receiver);
            if (stopping.IsCancellationRequested)
            {
                await CloseIntakeAsync(receiver);

                // What runs is settled with this receiver, so it stays until then.
                await FinishRunningAsync(intake);
                await GiveBackWaitingAsync(receiver);
                isFinished = true;
            }
        }
    }

    private async Task CloseIntakeAsync(IReceiver receiver)
    {
        try
        {
            await receiver.CloseIntakeAsync();
        }
        catch (Exception exception)
        {
            logger.SettlingFailed(endpoint.Name, 0, exception);
        }
    }

    private async Task FinishRunningAsync(Intake intake)
    {
        while (Volatile.Read(ref workers) > 0)
        {
            var isLast = stopHandling.IsCancellationRequested;
            await intake.Idle.WaitAsync(LastMoment, CancellationToken.None);
            if (isLast)
            {
                // Handlers that ignore their token are left behind; their transactions die with the process.
                return;
            }
        }
    }

    private async Task<int> RoomAsync(Intake intake, CancellationToken stopping)
    {
        while (true)
        {
            lock (gate)
            {
                if (intake.Held + (parked.Count / intakes.Count) is var held && held < prefetch)
                {
                    return prefetch - held;
                }
            }

            await intake.Room.WaitAsync(LongestPause, stopping);
        }
    }

    private void Enqueue(Intake intake, IReceiver receiver, IReadOnlyList<Delivery> deliveries)
    {
        telemetry.Received(intake, deliveries);
        lock (gate)
        {
            foreach (var delivery in deliveries)
            {
                intake.NoteOrigin(delivery);
                intake.Held++;
                waiting.Add(new Work(delivery, receiver, intake));
            }

            StartWorkers();
        }
    }

    /// <summary>Gives back what a receiver has brought and nobody has begun with, and what is parked, which comes again of itself.</summary>
    private async Task GiveBackWaitingAsync(IReceiver receiver)
    {
        List<Work> works;
        List<ParkedMessage> takenAgain;
        lock (gate)
        {
            works = waiting.Remove(work => work.Receiver == receiver || work.Receiver == parking);
            takenAgain = parked.LetGo(works);
            MakeRoom(works);
        }

        await parking.GiveBackAsync(takenAgain, CancellationToken.None);
        alarm.Set(); // There is room for parked messages again.
        foreach (var ofReceiver in works.GroupBy(item => item.Receiver))
        {
            try
            {
                await ofReceiver.Key.SettleAsync([.. ofReceiver.Select(item => item.Delivery)], Settlement.Abandon, CancellationToken.None);
            }
            catch (Exception exception)
            {
                // Its deliveries come again by themselves. What came from elsewhere is given back all the same, and what runs is waited for.
                logger.SettlingFailed(endpoint.Name, ofReceiver.Count(), exception);
            }
        }
    }

    /// <summary>Call with the lock held.</summary>
    private void StartWorkers()
    {
        while (!stopReceiving.IsCancellationRequested && workers < endpoint.Concurrency && waiting.IsReady && !IsEnough() && TakeGroup() is { Count: > 0 } group)
        {
            workers++;
            _ = WorkAsync(group);
        }
    }

    /// <summary>Works on groups until there is none. Never throws: whatever happens, the worker's place is given back.</summary>
    private async Task WorkAsync(List<Work> group)
    {
        await Task.Yield();
        for (var next = group; next is not null;)
        {
            var verdicts = await AttemptAsync(next);
            var ended = new EndedGroup(next, verdicts);
            await SettleAsync(ended);
            telemetry.End(next, verdicts);
            await LetGoAsync(ended);
            next = CompleteAndTake(ended);
        }
    }

    private async Task<Verdict[]> AttemptAsync(List<Work> group)
    {
        try
        {
            var verdicts = await processor.AttemptAsync(group, stopHandling.Token);
            lock (gate)
            {
                waiting.Observe(group);
            }

            return verdicts;
        }
        catch (Exception exception)
        {
            // Not a handler's failure, those have their verdict: a logger or a metric listener threw. The message is kept.
            logger.AttemptBroke(endpoint.Name, group.Count, exception);
            return [.. group.Select(_ => Verdict.Again(LongestPause))];
        }
        finally
        {
            LetOut(group);
        }
    }

    private async Task SettleAsync(EndedGroup ended)
    {
        foreach (var settling in ended.Settlings)
        {
            var begun = time.GetTimestamp();
            try
            {
                await settling.Receiver.SettleAsync(settling.Deliveries, settling.Settlement, CancellationToken.None);
                telemetry.Settled(settling.Intake, begun, failure: null);
            }
            catch (Exception exception)
            {
                // The receiver is broken, and its deliveries come again through the next one, as duplicates.
                telemetry.Settled(settling.Intake, begun, exception);
                logger.SettlingFailed(endpoint.Name, settling.Deliveries.Count, exception);
            }
        }
    }

    /// <summary>
    /// Parked messages of the group are in these hands no more. One that was taken again while it was is given back, or it would wait for a
    /// lease that nobody has. If it was handled meanwhile, or has failed again, there is nothing to give back: it is not as it was taken.
    /// </summary>
    private async Task LetGoAsync(EndedGroup ended)
    {
        var settled = ended.Done.FindAll(work => work.Parked is not null);
        if (settled.Count == 0)
        {
            return;
        }

        List<ParkedMessage> takenAgain;
        lock (gate)
        {
            takenAgain = parked.LetGo(settled);
        }

        await parking.GiveBackAsync(takenAgain, CancellationToken.None);
        alarm.Set();
    }

    private List<Work>? CompleteAndTake(EndedGroup ended)
    {
        lock (gate)
        {
            MakeRoom(ended.Done);
            var pausing = waiting.Complete(ended.All, [.. ended.Again.Select(end => (end.Work, end.Verdict.Pause > TimeSpan.Zero))]);
            foreach (var (line, verdict) in pausing.Zip(ended.Again.Select(end => end.Verdict).Where(verdict => verdict.Pause > TimeSpan.Zero)))
            {
                _ = ResumeLaterAsync(line, verdict.Pause, verdict.Turn);
            }

            foreach (var intake in intakes)
            {
                intake.Room.Set();
            }

            if (!stopReceiving.IsCancellationRequested && !IsEnough() && TakeGroup() is { Count: > 0 } next)
            {
                StartWorkers();
                return next;
            }

            if (--workers == 0)
            {
                foreach (var intake in intakes)
                {
                    intake.Idle.Set();
                }
            }

            return null;
        }
    }

    /// <summary>What transports have brought is held here no longer. Call with the lock held.</summary>
    private static void MakeRoom(List<Work> works)
    {
        foreach (var work in works)
        {
            if (work.Intake is { } intake)
            {
                intake.Held--;
            }
        }
    }

    private async Task ResumeLaterAsync(KeyedQueue<Work>.Line line, TimeSpan pause, Signal? turn)
    {
        try
        {
            await (turn?.WaitAsync(pause, stopReceiving.Token) ?? Task.Delay(pause, time, stopReceiving.Token));
        }
        catch (OperationCanceledException)
        {
            return;
        }

        lock (gate)
        {
            waiting.Resume(line);
            StartWorkers();
        }
    }

    /// <summary>Whether those that run will soon take what waits. If they do not, others do. Call with the lock held.</summary>
    private bool IsEnough()
    {
        var isEnough = waiting.WillBeTaken;
        if (isEnough && !isWatched)
        {
            isWatched = true;
            _ = StartLaterAsync();
        }

        return isEnough;
    }

    private async Task StartLaterAsync()
    {
        try
        {
            await Task.Delay(Staffing.LongestGroup, time, stopReceiving.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        lock (gate)
        {
            isWatched = false;
            StartWorkers();
        }
    }

    /// <summary>Call with the lock held.</summary>
    private List<Work> TakeGroup()
    {
        var group = waiting.Take();
        if (throttle is { MustWait: true } && !isHeldUp)
        {
            isHeldUp = true;
            _ = GoOnLaterAsync(throttle);
        }

        return group;
    }

    /// <summary>Goes on when the throttle lets something through again. One of these at a time: it takes no worker.</summary>
    private async Task GoOnLaterAsync(Throttle throttle)
    {
        await Task.Yield();
        try
        {
            await throttle.WaitAsync(stopReceiving.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        lock (gate)
        {
            isHeldUp = false;
            StartWorkers();
            throttle.ReturnUnused();
        }
    }

    /// <summary>An attempt has ended: the throttle hears how.</summary>
    private void LetOut(List<Work> group)
    {
        if (throttle is null)
        {
            return;
        }

        lock (gate)
        {
            group.ForEach(throttle.Leave);
        }

        Throttle.Release(group);
    }
}
