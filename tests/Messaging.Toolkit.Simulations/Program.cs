using Messaging.Toolkit.Simulations;

return Simulate.Run(args);
