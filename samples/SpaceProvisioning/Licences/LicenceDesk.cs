using System.Globalization;
using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;

namespace SpaceProvisioning.Licences;

/// <summary>Grants licences, and takes them back.</summary>
public sealed class LicenceDesk(ProvisioningDb db) : IHandle<GrantLicence>, IHandle<ReturnLicence>
{
    public async Task HandleAsync(GrantLicence message, MessageContext context, CancellationToken cancellationToken)
    {
        Trouble.ThrowIfBroken(message.Name, "licence");
        var isGranted = !Trouble.IsRefused(message.Name, "licence") && await ChangeFreeAsync(-1, cancellationToken);
        if (!isGranted)
        {
            context.Reply(new NoLicenceLeft("no licence is left"));
            return;
        }

        // The message is the same in every attempt, and with it the key.
        var licence = new Licence { SpaceId = message.SpaceId, Key = string.Create(CultureInfo.InvariantCulture, $"L-{context.MessageId:N}") };
        db.Licences.Add(licence);
        db.Note(message.SpaceId, "licence", context);
        context.Reply(new LicenceGranted(licence.Key));
    }

    public async Task HandleAsync(ReturnLicence message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Licences.Remove(await db.Licences.SingleAsync(licence => licence.SpaceId == message.SpaceId, cancellationToken));
        await ChangeFreeAsync(+1, cancellationToken);
        db.Note(message.SpaceId, "licence", context, isUndo: true);
    }

    private async Task<bool> ChangeFreeAsync(int change, CancellationToken cancellationToken)
        => await db.Contracts.Where(contract => contract.Product == Contract.Space && contract.Free + change >= 0)
            .ExecuteUpdateAsync(set => set.SetProperty(contract => contract.Free, contract => contract.Free + change), cancellationToken) > 0;
}
