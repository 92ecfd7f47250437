"""Up to which day a student has been charged: what lies before need not be looked at again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("daftar", "0015_prices_listed")]

    operations = [
        migrations.AddField("account", "charged_until", models.DateField(null=True)),
    ]
