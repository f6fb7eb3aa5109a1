namespace Messaging.Toolkit.Sagas;

/// <summary>Takes the definition of a saga, up to its pivot. All its steps run one after another, but for those of a parallel group.</summary>
/// <typeparam name="TState">What an instance knows.</typeparam>
public interface ISagaBuilder<TState> where TState : class
{
    /// <summary>The name in the tables and on the wire. Required, and for good: it outlives every renaming of the class.</summary>
    /// <param name="name">Letters, digits, '.', '-', '_' and '/'; at most 80 characters.</param>
    ISagaBuilder<TState> Named(string name);

    /// <summary>
    /// A new version of the definition, for a saga that was deployed before and whose steps have changed. Instances of the version
    /// before are brought up when they are next handled. Default: version 1.
    /// </summary>
    /// <param name="version">One more than the version before: 2 for the first change, then 3, all of them in this order.</param>
    /// <param name="upgrade">What has become of the steps and the state since the version before.</param>
    ISagaBuilder<TState> Version(int version, Action<SagaUpgrade> upgrade);

    /// <summary>How long an instance may take to reach its pivot, or its end if it has none: then it is compensated. Default: for ever.</summary>
    /// <param name="timeout">From 1 ms to 10 years.</param>
    ISagaBuilder<TState> Timeout(TimeSpan timeout);

    /// <summary>
    /// How often a compensation, or a step behind the pivot, is tried until the instance stands stuck, for an operator to see and to
    /// resume. Default: 10 attempts, with pauses from 1 s, doubling, to 5 min.
    /// </summary>
    /// <param name="attempts">From 1 to 1,000.</param>
    /// <param name="firstPause">The pause after the first attempt.</param>
    /// <param name="longestPause">The longest pause.</param>
    ISagaBuilder<TState> Retry(int attempts, TimeSpan firstPause, TimeSpan longestPause);

    /// <summary>A step.</summary>
    /// <param name="name">Unique in the saga; stored with each instance. At most 50 characters, as for names of messages.</param>
    /// <param name="configure">What it does, how it ends, and how it is undone.</param>
    ISagaBuilder<TState> Step(string name, Action<SagaStepBuilder<TState>> configure);

    /// <summary>
    /// Steps that begin together. The group ends when all of them have ended; if one has failed, the others are awaited and then
    /// undone, in the reverse order of their ends.
    /// </summary>
    /// <param name="name">Shown in diagrams.</param>
    /// <param name="configure">Adds the steps.</param>
    ISagaBuilder<TState> Parallel(string name, Action<SagaGroupBuilder<TState>> configure);

    /// <summary>
    /// The step that decides: if it fails, everything before it is undone; once it has succeeded, there is only forwards. It cannot be undone itself.
    /// </summary>
    /// <param name="name">Unique in the saga.</param>
    /// <param name="configure">What it does and how it ends.</param>
    /// <returns>Takes the steps behind it.</returns>
    IForwardSagaBuilder<TState> Pivot(string name, Action<ForwardStepBuilder<TState>> configure);
}

/// <summary>Takes the steps of a saga behind its pivot: they are tried until they succeed, and have no compensation.</summary>
/// <typeparam name="TState">What an instance knows.</typeparam>
public interface IForwardSagaBuilder<TState> where TState : class
{
    /// <summary>A step that is tried until it succeeds.</summary>
    /// <param name="name">Unique in the saga.</param>
    /// <param name="configure">What it does and how it ends.</param>
    IForwardSagaBuilder<TState> Step(string name, Action<ForwardStepBuilder<TState>> configure);

    /// <summary>Steps that begin together and are tried until all have succeeded.</summary>
    /// <param name="name">Shown in diagrams.</param>
    /// <param name="configure">Adds the steps.</param>
    IForwardSagaBuilder<TState> Parallel(string name, Action<ForwardGroupBuilder<TState>> configure);
}
