using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas.Engine;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>
/// The activities of this process that have gone on when their time was over, because they do not listen to their token. Each keeps its scope until it ends, so
/// there may be only so many: the message of a further one waits for it, and its worker with it. Thread-safe.
/// </summary>
internal sealed class LeftBehindActivities(MessagingModel model, TimeProvider time, ILogger<LeftBehindActivities> log)
{
    private readonly SafeLogger logger = new(log);
    private int count;

    /// <summary>Leaves an activity behind, or waits for its end if too many are.</summary>
    public async Task LeaveAsync(Task activity, Guid saga, SagaEffect effect, IOutboxSession session)
    {
        var most = model.Sagas.MaxLeftBehind;
        var now = Interlocked.Increment(ref count);
        if (now > most)
        {
            Interlocked.Decrement(ref count);
            logger.ActivityAwaited(effect.Step, saga, most);
            await Task.WhenAny(activity);
            return;
        }

        session.LeaveBehind(activity);
        logger.ActivityLeftBehind(effect.Step, saga, now);
        _ = ForgetAsync(activity, saga, effect);
    }

    private async Task ForgetAsync(Task activity, Guid saga, SagaEffect effect)
    {
        var left = time.GetTimestamp();
        await Task.WhenAny(activity);
        Interlocked.Decrement(ref count);
        logger.ActivityEnded(effect.Step, saga, time.GetElapsedTime(left), activity.Exception?.InnerException);
    }
}
