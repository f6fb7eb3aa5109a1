using Messaging.Toolkit.EntityFrameworkCore.Writing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>
/// If it retries, it does what <c>EnableRetryOnFailure</c> does on other databases: tries again after failures of the
/// database, and asks whether an attempt whose reply was lost had taken effect. In virtual time, which EF's own strategies
/// do not know.
/// </summary>
internal sealed class SimulatedStrategy(ExecutionStrategyDependencies dependencies, TimeProvider time, bool retries) : IExecutionStrategy
{
    private const int MaxRetries = 6;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly AsyncLocal<SimulatedStrategy?> Current = new();

    /// <summary>As EF's own: what is run inside asks another instance, and is not retried by itself.</summary>
    public bool RetriesOnFailure => retries && (Current.Value is null || Current.Value == this);

    public TResult Execute<TState, TResult>(
        TState state, Func<DbContext, TState, TResult> operation, Func<DbContext, TState, ExecutionResult<TResult>>? verifySucceeded)
        => operation(dependencies.CurrentContext.Context, state);

    public Task<TResult> ExecuteAsync<TState, TResult>(
        TState state, Func<DbContext, TState, CancellationToken, Task<TResult>> operation,
        Func<DbContext, TState, CancellationToken, Task<ExecutionResult<TResult>>>? verifySucceeded, CancellationToken cancellationToken = default)
    {
        // Whoever calls this from inside of EF, as its extension methods do, goes on without a synchronization context.
        return operation.Method.Module.Assembly == typeof(WithoutContext).Assembly ? Execute() : WithoutContext.Run(Execute);

        Task<TResult> Execute() => retries && Current.Value is null
            ? RetryAsync(state, operation, verifySucceeded, cancellationToken)
            : operation(dependencies.CurrentContext.Context, state, cancellationToken);
    }

    private async Task<TResult> RetryAsync<TState, TResult>(
        TState state, Func<DbContext, TState, CancellationToken, Task<TResult>> operation,
        Func<DbContext, TState, CancellationToken, Task<ExecutionResult<TResult>>>? verifySucceeded, CancellationToken cancellationToken)
    {
        var context = dependencies.CurrentContext.Context;

        if (context.Database.CurrentTransaction is not null)
        {
            throw new InvalidOperationException("The execution strategy retries and does not support user-initiated transactions: run the transaction inside CreateExecutionStrategy().ExecuteAsync(...).");
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await InsideAsync(() => operation(context, state, cancellationToken));
            }
            catch (Exception exception) when (IsTransient(exception) && attempt <= MaxRetries)
            {
                await PauseAsync(attempt, cancellationToken);
            }

            if (verifySucceeded is not null && await VerifyAsync(() => verifySucceeded(context, state, cancellationToken), cancellationToken) is { IsSuccessful: true, Result: var known })
            {
                return known;
            }
        }
    }

    private async Task<ExecutionResult<TResult>> VerifyAsync<TResult>(Func<Task<ExecutionResult<TResult>>> verify, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await InsideAsync(verify);
            }
            catch (Exception exception) when (IsTransient(exception) && attempt <= MaxRetries)
            {
                await PauseAsync(attempt, cancellationToken);
            }
        }
    }

    private async Task PauseAsync(int attempt, CancellationToken cancellationToken)
    {
        // Not cut short: it would go on inside of whoever cancels, which may have a synchronization context when this has none.
        await Task.Delay(Pause * attempt, time, CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<T> InsideAsync<T>(Func<Task<T>> work)
    {
        Current.Value = this;
        return await work();
    }

    private static bool IsTransient(Exception exception)
        => exception is Microsoft.Data.Sqlite.SqliteException or DbUpdateException { InnerException: Microsoft.Data.Sqlite.SqliteException };
}
