namespace Messaging.Toolkit.Sagas.Engine;

/// <summary>What follows from something that has happened.</summary>
/// <param name="Progress">How far the instance has come then.</param>
/// <param name="Effects">What is to be done, in this order.</param>
/// <param name="History">What is to be told.</param>
internal sealed record SagaDecision(SagaProgress Progress, IReadOnlyList<SagaEffect> Effects, IReadOnlyList<SagaNote> History);

/// <summary>Something to be done about a step.</summary>
/// <param name="Step">The step.</param>
/// <param name="Attempt">Which attempt it is.</param>
/// <param name="Undoes">Whether the step is to be undone, and not done.</param>
internal readonly record struct SagaEffect(string Step, int Attempt, bool Undoes);

/// <summary>A line of the history, without its place and time.</summary>
internal readonly record struct SagaNote(SagaEvent Event, string? Step = null, string? Detail = null, SagaFailureKind? Failure = null);
