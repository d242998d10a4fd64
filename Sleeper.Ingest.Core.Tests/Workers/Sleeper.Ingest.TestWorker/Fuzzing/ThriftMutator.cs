using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Changes one value of a tree: numbers, lengths, counts, types, members left out, doubled, renumbered, nested deep.</summary>
internal static class ThriftMutator
{
    private const int DeepNesting = 80;
    private const int MostRepeated = 200;

    public static void Mutate(ThriftNode root, FuzzRandom random)
    {
        var all = new List<ThriftNode>();
        root.CollectInto(all);
        ThriftNode node = random.Pick(all);
        switch (node.Type)
        {
            case ThriftType.I8 or ThriftType.I16 or ThriftType.I32 or ThriftType.I64:
                node.Number = random.Next(3) == 0 ? node.Number + random.Next(5) - 2 : random.Interesting();
                break;
            case ThriftType.True or ThriftType.False:
                node.Type = node.Type == ThriftType.True ? ThriftType.False : ThriftType.True;
                break;
            case ThriftType.Binary:
                MutateString(node, random);
                break;
            case ThriftType.List or ThriftType.Set:
                MutateList(node, random);
                break;
            default:
                MutateStruct(node, random);
                break;
        }

        if (random.OneIn(20))
        {
            node.Type = (ThriftType)random.Next(16);
        }
    }

    private static void MutateString(ThriftNode node, FuzzRandom random)
    {
        if (random.OneIn(3))
        {
            node.ClaimedLength = (ulong)random.Interesting();
            return;
        }

        node.Bytes = ByteMutator.Mutated(node.Bytes, [node.Bytes], random);
    }

    private static void MutateList(ThriftNode node, FuzzRandom random)
    {
        int choice = random.Next(6);
        if (choice == 0 || node.Children.Count == 0)
        {
            node.ClaimedCount = (ulong)random.Interesting();
            return;
        }

        int at = random.Next(node.Children.Count);
        switch (choice)
        {
            case 1:
                node.ElementType = (ThriftType)random.Next(16);
                break;
            case 2:
                node.Children.RemoveAt(at);
                break;
            case 3:
                node.Children.Insert(random.Next(node.Children.Count + 1), node.Children[at].Copy());
                break;
            case 4:
                int other = random.Next(node.Children.Count);
                (node.Children[at], node.Children[other]) = (node.Children[other], node.Children[at]);
                break;
            default:
                Repeat(node, node.Children[at], random);

                break;
        }
    }

    private static void Repeat(ThriftNode list, ThriftNode element, FuzzRandom random)
    {
        var size = new List<ThriftNode>();
        element.CollectInto(size);
        for (int i = random.Next(1 + (MostRepeated / size.Count)); i >= 0; i--)
        {
            list.Children.Add(element.Copy());
        }
    }

    private static void MutateStruct(ThriftNode node, FuzzRandom random)
    {
        if (node.Children.Count == 0 || node.Ids.Count < node.Children.Count || random.OneIn(5))
        {
            AddMember(node, random);
            return;
        }

        int at = random.Next(node.Children.Count);
        switch (random.Next(4))
        {
            case 0:
                node.Children.RemoveAt(at);
                node.Ids.RemoveAt(at);
                break;
            case 1:
                node.Children.Add(node.Children[at].Copy());
                node.Ids.Add(node.Ids[at]);
                break;
            case 2:
                node.Ids[at] = (short)random.Next(20);
                break;
            default:
                int other = random.Next(node.Children.Count);
                (node.Children[at], node.Children[other]) = (node.Children[other], node.Children[at]);
                break;
        }
    }

    /// <summary>A member of a number that readers know or skip: a string, a list of empty structs, or structs in structs.</summary>
    private static void AddMember(ThriftNode node, FuzzRandom random)
    {
        ThriftNode added;
        switch (random.Next(3))
        {
            case 0:
                added = new ThriftNode { Type = ThriftType.Binary, Bytes = new byte[random.Next(40)] };
                break;
            case 1:
                added = new ThriftNode { Type = ThriftType.List, ElementType = (ThriftType)(1 + random.Next(13)) };
                for (int i = random.Next(60); i > 0; i--)
                {
                    added.Children.Add(new ThriftNode { Type = added.ElementType, Number = 1 });
                }

                break;
            default:
                added = new ThriftNode { Type = ThriftType.Struct };
                for (int i = random.Next(DeepNesting); i > 0; i--)
                {
                    var outer = new ThriftNode { Type = random.OneIn(4) ? ThriftType.List : ThriftType.Struct, ElementType = added.Type };
                    outer.Children.Add(added);
                    outer.Ids.Add(1);
                    added = outer;
                }

                break;
        }

        node.Children.Insert(node.Ids.Count, added);
        node.Ids.Add((short)(random.OneIn(2) ? 1 + random.Next(17) : 90));
    }
}
