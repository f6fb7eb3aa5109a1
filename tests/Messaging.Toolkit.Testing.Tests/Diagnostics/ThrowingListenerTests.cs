using System.Diagnostics;
using System.Diagnostics.Metrics;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Testing.Tests.Harness;

namespace Messaging.Toolkit.Testing.Tests.Diagnostics;

/// <summary>Whoever listens runs in the hands of whoever publishes or handles: what he throws must not be their failure.</summary>
[Collection(Alone.Name)]
public sealed class ThrowingListenerTests
{
    public enum Callback
    {
        Sample,
        Started,
        Stopped,
        CurrentChanged,
    }

    [Theory]
    [InlineData(Callback.Sample)]
    [InlineData(Callback.Started)]
    [InlineData(Callback.Stopped)]
    [InlineData(Callback.CurrentChanged)]
    public void A_listener_of_spans_that_throws_hurts_no_message(Callback callback)
    {
        var calls = 0;
        void Throw(Callback where)
        {
            if (where == callback)
            {
                calls++;
                throw new InvalidOperationException($"{where} throws");
            }
        }

        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MessagingDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) =>
            {
                Throw(Callback.Sample);
                return ActivitySamplingResult.AllDataAndRecorded;
            },
            ActivityStarted = _ => Throw(Callback.Started),
            ActivityStopped = _ => Throw(Callback.Stopped),
        };
        EventHandler<ActivityChangedEventArgs> changed = (_, _) => Throw(Callback.CurrentChanged);
        ActivitySource.AddActivityListener(listener);
        Activity.CurrentChanged += changed;
        try
        {
            ExpectHandled();
        }
        finally
        {
            Activity.CurrentChanged -= changed;
        }

        calls.Should().BePositive();
        Activity.Current.Should().BeNull("a span that could not be started or ended is nobody's present one");
    }

    [Fact]
    public void A_listener_of_metrics_that_throws_hurts_no_message()
    {
        var calls = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == MessagingDiagnostics.MeterName)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => Throw());
        listener.SetMeasurementEventCallback<int>((_, _, _, _) => Throw());
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Throw());
        listener.Start();

        ExpectHandled();

        calls.Should().BePositive();

        void Throw()
        {
            calls++;
            throw new InvalidOperationException("The listener throws.");
        }
    }

    /// <summary>One message whose handler fails once, and one that comes of it: each is handled once, and none is a dead letter.</summary>
    private static void ExpectHandled()
    {
        var attempts = 0;
        using var harness = Kitchen.Start((_, _, _) => attempts++ == 0 ? throw new TimeoutException() : Task.CompletedTask);
        harness.Run<IMessageBus, KitchenDb>((bus, db) =>
        {
            bus.Send(new Cook(1, "soup"));
            bus.Publish(new Paid(1));
            return db.SaveChangesAsync();
        });
        harness.WaitUntilIdle();

        attempts.Should().Be(2);
        harness.Handled<Cooked>("waiter").Should().ContainSingle();
        harness.DeadLetters.Should().BeEmpty();
    }
}
