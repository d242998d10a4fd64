using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;
using Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.Tests.StateStores;

/// <summary>The state store's checklist has 57 items, and ten hazards stand before it: each has a test that bears its number.</summary>
public sealed partial class StateStoreChecklistCoverageTests
{
    private const int ItemCount = 57;
    private const int HazardCount = 10;

    /// <summary>Those that hold for own tables too: item 50.</summary>
    private static readonly int[] OwnTableItems = [9, 14, 16, 19, 20, 21, 22, 25, 26, 28, 29, 30, 31, 39, 40, 43, 44, 45, 46, 53];

    [Fact]
    public void Every_item_has_a_test_that_bears_its_number()
    {
        var tested = Tests(t => t.Namespace!.Contains(".StateStores", StringComparison.Ordinal) || t.Namespace.EndsWith(".Partitioning", StringComparison.Ordinal)).SelectMany(ItemsOf).ToHashSet();
        Assert.Empty(Enumerable.Range(1, ItemCount).Except(tested));
    }

    [Fact]
    public void Item_50_every_item_that_holds_for_own_tables_has_a_test_over_them() =>
        Assert.Empty(OwnTableItems.Except(Tests(t => t == typeof(StateStoreChecklistTests)).SelectMany(ItemsOf)));

    [Fact]
    public void Every_hazard_has_a_test_that_bears_its_number()
    {
        var tested = Tests(t => t.Namespace == typeof(LiveHazardTests).Namespace).Select(name => Hazard().Match(name)).Where(m => m.Success)
            .Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
        Assert.Equal(Enumerable.Range(1, HazardCount), tested.Order());
    }

    private static IEnumerable<string> Tests(Func<Type, bool> which) => typeof(StateStoreChecklistCoverageTests).Assembly.GetTypes().Where(t => t.IsPublic && which(t))
        .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)).Where(m => m.GetCustomAttributes<FactAttribute>().Any()).Select(m => m.Name);

    /// <summary>For example <c>Items_28_to_31_and_53_a_history</c>: 28, 29, 30, 31 and 53.</summary>
    private static IEnumerable<int> ItemsOf(string name)
    {
        var match = Items().Match(name);
        int last = 0;
        bool isRange = false;
        foreach (string word in match.Groups[1].Value.Split('_', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(word, CultureInfo.InvariantCulture, out int number))
            {
                isRange = word == "to";
                continue;
            }

            for (int i = isRange ? last + 1 : number; i <= number; i++)
            {
                yield return i;
            }

            (last, isRange) = (number, false);
        }
    }

    [GeneratedRegex(@"\AItems?((?:_[0-9]+|_and|_to)+)_")]
    private static partial Regex Items();

    [GeneratedRegex(@"\AHazard_H([0-9]+)_")]
    private static partial Regex Hazard();
}
